import type { Sandbox } from '#lib/application/ports/sandboxes.ts'
import { fromAgent, serverHello, type FromAgent, type ToAgent } from '#lib/protocol/agent.ts'
import { controlFrame, FrameReader, type Frame } from '#lib/protocol/frame.ts'

/** Well below the output window, so that no task waits for an acknowledgement. */
export const TASK_OUTPUT_BYTES_MAX = 32 * 1024

export type TaskOutcome = { readonly output: string; readonly code?: number; readonly signal?: string }
/** `canary` is there the first time that tasks run in a sandbox. */
export type Tasks = { readonly canary: 'blocked' | 'open' | undefined; readonly outcomes: readonly TaskOutcome[] }

/**
 * Claims a sandbox, runs these commands in it at once and collects what they print. It is the whole path that a visitor's
 * program takes: the driver, the agent, a program under the visitor's id.
 */
export async function runTasks(sandbox: Sandbox, commands: readonly string[], signal: AbortSignal): Promise<Tasks> {
  const stream = await sandbox.dial(signal)
  const abort = () => stream.destroy(signal.reason as Error)
  signal.addEventListener('abort', abort)
  try {
    const send = (message: ToAgent) => stream.write(controlFrame(message))
    const frames = framesOf(stream)
    send(serverHello(sandbox.key))
    const { claimed } = await answer(frames, 'hello')
    // A sandbox is prepared once; its claim may be said again.
    const canary = claimed ? undefined : await prepare(send, frames)
    send({ type: 'claim', session: sandbox.id, epoch: 1, token: sandbox.id, lifeMs: 60_000 })
    await answer(frames, 'claimed')

    const timeMs = 30_000
    for (const [i, command] of commands.entries()) {
      send({ type: 'task', stream: i + 1, command, timeMs, outputBytesMax: TASK_OUTPUT_BYTES_MAX })
      send({ type: 'task-end-input', stream: i + 1 })
    }
    return { canary, outcomes: await collect(frames, commands.length) }
  } finally {
    signal.removeEventListener('abort', abort)
    stream.destroy()
  }
}

async function prepare(send: (message: ToAgent) => void, frames: Frames) {
  send({ type: 'prepare', launch: { lang: 'none', main: 'main' }, cols: 80, rows: 24, outputBytesMax: TASK_OUTPUT_BYTES_MAX })
  return (await answer(frames, 'ready')).canary
}

type Frames = AsyncGenerator<Frame, never>

async function* framesOf(stream: AsyncIterable<Uint8Array>): Frames {
  const reader = new FrameReader()
  for await (const chunk of stream) {
    const frames = reader.push(chunk)
    if (!frames.ok) throw new Error(`Cannot read the agent: bad frame (${frames.error.why})`)
    yield* frames.value
  }
  throw new Error('Cannot read the agent: it hung up')
}

async function answer<T extends FromAgent['type']>(frames: Frames, type: T): Promise<Extract<FromAgent, { type: T }>> {
  const { value } = await frames.next()
  const message = value.kind === 'control' ? fromAgent.parse(value.message) : undefined
  if (message?.type !== type) throw new Error(`Cannot use the agent: "${type}" was answered by ${JSON.stringify(message)}`)
  return message as Extract<FromAgent, { type: T }> // its type was just compared
}

async function collect(frames: Frames, count: number): Promise<TaskOutcome[]> {
  const outputs = Array.from({ length: count }, () => '')
  const outcomes: TaskOutcome[] = []
  for (let ended = 0; ended < count;) {
    const { value } = await frames.next()
    if (value.kind === 'data') {
      if (value.stream > 0) outputs[value.stream - 1] += Buffer.from(value.bytes).toString('latin1')
      continue
    }
    const message = fromAgent.parse(value.message)
    if (message.type === 'refused') throw new Error(`Cannot run a task: ${message.code}`)
    if (message.type !== 'task-ended') continue
    const { stream, code, signal } = message
    outcomes[stream - 1] = { output: outputs[stream - 1] ?? '', ...(code !== undefined && { code }), ...(signal && { signal }) }
    ended++
  }
  return outcomes
}
