import type { Duplex } from 'node:stream'

import { AGENT_PROTOCOL, OUTPUT_WINDOW_BYTES, RING_BYTES, type FromAgent, type ToAgent } from '#lib/protocol/agent.ts'
import { controlFrame, dataHead, FrameReader, PTY_STREAM } from '#lib/protocol/frame.ts'

import { memoryTask, type MemoryTask } from './task.ts'

const FLOOD_BYTES = 32 * 1024

export type MemoryAgent = {
  /** A new connection; it is live from its hello on. */
  connect(stream: Duplex): void
  /** What the program prints. */
  print(text: string): void
  /** Sends anything at all, to be the bad agent in a test. */
  say(message: unknown): void
  /** Sends a task's output without regard to its window. */
  flood(task: number, bytes: number): void
  readonly heard: ToAgent[]
  readonly claims: string[]
}

/**
 * An agent without programs: it keeps the protocol of docs/PROTOCOL.md, prints a prompt when prepared, echoes input, and
 * ends a run at once with the number that its text spells, or never when the text is `forever`. Its tasks: memory/task.ts.
 */
type Options = {
  readonly prompt?: string
  readonly canary?: 'blocked' | 'open'
  /** What it says it speaks; `none`: nothing that a server does. */
  readonly protocol?: number | 'none'
  readonly setUp?: Extract<FromAgent, { type: 'ready' }>['setUp']
  readonly uidMap?: string
  /** Once it is ready it says nothing more, though its line stays. */
  readonly hangs?: () => boolean
}

export function memoryAgent(options: Options = {}): MemoryAgent {
  const { prompt = '> ', protocol = AGENT_PROTOCOL, canary = 'blocked', setUp } = options
  const heard: ToAgent[] = []
  const claims: string[] = []
  const tasks = new Map<number, MemoryTask>()
  let stream: Duplex | undefined
  let epoch = 0
  let output = Buffer.alloc(0)
  let [start, sent, acked, inputEnd, job] = [0, 0, 0, 0, 0]
  let attached = false
  let state: 'idle' | 'running' | 'prompt' = 'idle'

  const send = (message: FromAgent) => stream?.write(controlFrame(message))
  function flush(): void {
    while (attached && sent < start + output.length && sent - acked < OUTPUT_WINDOW_BYTES) {
      const room = OUTPUT_WINDOW_BYTES - (sent - acked)
      const bytes = output.subarray(sent - start, sent - start + room)
      stream?.write(dataHead(PTY_STREAM, sent, bytes.length))
      stream?.write(bytes)
      sent += bytes.length
    }
  }
  function print(text: string): void {
    output = Buffer.concat([output, Buffer.from(text)])
    const over = Math.max(0, output.length - RING_BYTES)
    output = output.subarray(over)
    start += over
    flush()
  }
  const end = (code: number | undefined, stopped: boolean) => {
    state = 'idle'
    const how = code === undefined ? { signal: 'SIGKILL' } : { code }
    send({ type: 'ended', job, wallMs: 1, ...how, stopped, outputSpent: false, diskFull: false })
  }

  /** One connection is live: one with a hello of the same or a higher epoch takes the place of the one before, which is told. */
  function hear(from: Duplex, message: ToAgent): void {
    if (message.type === 'hello' && from !== stream) {
      if ((message.epoch ?? 0) < epoch) return void from.end(controlFrame({ type: 'refused', what: 'hello', code: 'fenced' }))
      epoch = message.epoch ?? 0
      stream?.end(controlFrame({ type: 'fenced' }))
      stream = from
      attached = false
    }
    if (from === stream) take(message)
  }
  function take(message: ToAgent): void {
    heard.push(message)
    if (options.hangs?.()) return
    if (message.type === 'hello') greet()
    else if (message.type === 'ping') send({ type: 'pong' })
    else if (message.type === 'prepare') {
      print(prompt)
      state = 'prompt'
      send({ type: 'ready', canary, atPrompt: true, end: start + output.length, ...(setUp && { setUp }) })
    } else if (message.type === 'claim') {
      if (claims.length > 0 && claims[0] !== message.session)
        return void send({ type: 'refused', what: 'claim', code: 'already_claimed' })
      claims[0] = message.session
      send({ type: 'claimed', end: start + output.length })
    } else if (message.type === 'attach') {
      attached = true
      sent = acked = Math.min(Math.max(message.offset, start), start + output.length)
      send({ type: 'attached', from: sent, end: start + output.length, inputEnd, state, job })
      flush()
    } else if (message.type === 'detach') attached = false
    else if (message.type === 'ack' && message.stream === PTY_STREAM) {
      acked = Math.max(acked, message.offset)
      flush()
    } else if (message.type === 'run') run(message)
    else if (message.type === 'stop' && state !== 'idle') end(undefined, true)
    else if (message.type === 'task') beginTask(message)
    else if (message.type === 'task-end-input') tasks.get(message.stream)?.endInput()
    else if (message.type === 'task-stop') tasks.get(message.stream)?.stop()
  }
  function greet(): void {
    if (protocol === 'none') return void send({ type: 'refused', what: 'hello', code: 'bad_protocol' })
    const { uidMap } = options
    send({ type: 'hello', protocol, agent: 'memory', claimed: claims.length > 0, ...(uidMap !== undefined && { uidMap }) })
  }
  function beginTask({ stream: number, command }: Extract<ToAgent, { type: 'task' }>): void {
    const task = memoryTask(command, {
      ended: (end) => {
        tasks.delete(number)
        send({ type: 'task-ended', stream: number, timedOut: false, outputSpent: false, ...end })
      },
      print(offset, bytes) {
        stream?.write(dataHead(number, offset, bytes.length))
        stream?.write(bytes)
      },
      taken: (offset) => send({ type: 'task-input-ack', stream: number, offset }),
    })
    if (task) tasks.set(number, task)
  }
  function run(message: Extract<ToAgent, { type: 'run' }>): void {
    if (state !== 'idle') end(undefined, true)
    job = message.job
    state = 'running'
    send({ type: 'started', job })
    const text = message.files[0]?.text ?? ''
    print(text)
    if (text !== 'forever') end(Number(text), false)
  }

  return {
    heard,
    claims,
    print,
    flood(task, bytes) {
      for (let at = 0; at < bytes; at += FLOOD_BYTES) {
        const part = Buffer.alloc(Math.min(FLOOD_BYTES, bytes - at))
        stream?.write(dataHead(task, at, part.length))
        stream?.write(part)
      }
    },
    say: (message) => void stream?.write(controlFrame(message)),
    connect(next) {
      const reader = new FrameReader()
      next.on('data', (chunk: Buffer) => {
        const frames = reader.push(chunk)
        if (!frames.ok) return void next.destroy()
        for (const frame of frames.value) {
          if (frame.kind === 'control') hear(next, frame.message as ToAgent)
          else if (frame.stream !== PTY_STREAM) tasks.get(frame.stream)?.input(frame.offset, frame.bytes)
          else if (next === stream) {
            inputEnd = frame.offset + frame.bytes.length
            print(Buffer.from(frame.bytes).toString())
            send({ type: 'input-ack', offset: inputEnd })
          }
        }
      })
      next.on('error', () => {})
    },
  }
}
