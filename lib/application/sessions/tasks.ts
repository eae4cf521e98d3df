import { err, ok, type Result } from '#lib/domain/result.ts'
import { OUTPUT_WINDOW_BYTES, type FromAgent } from '#lib/protocol/agent.ts'
import { STREAM_MAX } from '#lib/protocol/frame.ts'

import type { AgentLink } from './agent-link.ts'

/** At once in one sandbox; the agent has the same limit. */
export const TASKS_MAX = 4

export type TaskCommand = {
  readonly command: string
  readonly timeMs: number
  readonly outputBytesMax: number
  readonly errorsApart?: boolean
  readonly memoryBytesMax?: number
}
export type TaskEnd = Omit<Extract<FromAgent, { type: 'task-ended' }>, 'type' | 'stream'>
export type TasksRefused = { readonly code: 'too_many_runs'; readonly retryAfterMs: number }

export interface TaskEvents {
  output(offset: number, bytes: Uint8Array): void
  /** Its input was taken up to `offset`. */
  inputTaken(offset: number): void
  /** Last, unless the session goes first: then `lost`. */
  ended(end: TaskEnd): void
  lost(): void
}

/** A command that runs beside the terminal. */
export interface Task {
  input(offset: number, bytes: Uint8Array): void
  endInput(): void
  /** Output before `offset` needs no more room; beyond what came it is as far as that. */
  ack(offset: number): void
  stop(): void
}

type Running = { readonly events: TaskEvents; outputEnd: number; acked: number }

/** Commands beside the terminal, each on its own stream; one that breaks its window breaks the connection. */
export class Tasks {
  readonly #link: AgentLink
  readonly #running = new Map<number, Running>()
  #last = 0

  constructor(link: AgentLink) {
    this.#link = link
  }

  start(command: TaskCommand, events: TaskEvents): Result<Task, TasksRefused> {
    if (this.#running.size >= TASKS_MAX) return err({ code: 'too_many_runs', retryAfterMs: 1000 })
    do this.#last = (this.#last % STREAM_MAX) + 1
    while (this.#running.has(this.#last))
    const stream = this.#last
    const link = this.#link
    const running: Running = { events, outputEnd: 0, acked: 0 }
    this.#running.set(stream, running)
    link.send({ type: 'task', stream, ...command })
    const isOver = () => this.#running.get(stream) !== running
    return ok({
      input: (offset, bytes) => void (isOver() || link.data(stream, offset, bytes)),
      endInput: () => void (isOver() || link.send({ type: 'task-end-input', stream })),
      stop: () => void (isOver() || link.send({ type: 'task-stop', stream })),
      ack(offset) {
        if (isOver() || offset <= running.acked) return
        running.acked = Math.min(offset, running.outputEnd)
        link.send({ type: 'ack', stream, offset: running.acked })
      },
    })
  }

  output(stream: number, offset: number, bytes: Uint8Array): void {
    const task = this.#running.get(stream)
    if (!task) return
    if (offset !== task.outputEnd) return this.#link.close('task_gap')
    if (offset + bytes.length - task.acked > OUTPUT_WINDOW_BYTES) return this.#link.close('task_window')
    task.outputEnd += bytes.length
    task.events.output(offset, bytes)
  }

  inputTaken({ stream, offset }: Extract<FromAgent, { type: 'task-input-ack' }>): void {
    this.#running.get(stream)?.events.inputTaken(offset)
  }

  ended({ stream, ...end }: Extract<FromAgent, { type: 'task-ended' }>): void {
    const task = this.#running.get(stream)
    this.#running.delete(stream)
    task?.events.ended(end)
  }

  lost(): void {
    const all = [...this.#running.values()]
    this.#running.clear()
    for (const { events } of all) events.lost()
  }
}
