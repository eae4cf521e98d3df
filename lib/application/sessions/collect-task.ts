import { err, ok, type Result } from '#lib/domain/result.ts'

import type { TaskCommand, TaskEnd, Tasks, TasksRefused } from './tasks.ts'

export const TASK_OUTPUT_BYTES_MAX = 1024 * 1024
export const TASK_TIME_MS = 30_000

export type Collected = TaskEnd & { readonly output: Uint8Array }
export type CollectRefused = TasksRefused | { readonly code: 'lost' }
type Ask = { readonly command: string; readonly input?: Uint8Array } & Partial<Omit<TaskCommand, 'command'>>

/** Runs a command to its end and gives all that it printed, which is at most its `outputBytesMax`. */
export function collectTask(tasks: Tasks, { input, ...ask }: Ask): Promise<Result<Collected, CollectRefused>> {
  return new Promise((done) => {
    const parts: Uint8Array[] = []
    const command = { timeMs: TASK_TIME_MS, outputBytesMax: TASK_OUTPUT_BYTES_MAX, ...ask }
    const started = tasks.start(command, {
      output(offset, bytes) {
        parts.push(Buffer.from(bytes)) // a copy: the frame's memory is shared with what came beside it
        if (started.ok) started.value.ack(offset + bytes.length)
        // An agent that sends more than it was told to is none of ours; what is held stays small.
        if (offset + bytes.length > command.outputBytesMax && started.ok) started.value.stop()
        if (offset > command.outputBytesMax) parts.length = 0
      },
      inputTaken() {},
      ended: (end) => done(ok({ ...end, output: Buffer.concat(parts).subarray(0, command.outputBytesMax) })),
      lost: () => done(err({ code: 'lost' })),
    })
    if (!started.ok) return done(started)
    if (input && input.length > 0) started.value.input(0, input)
    started.value.endInput()
  })
}
