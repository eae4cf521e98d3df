import type { Duplex } from 'node:stream'

import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import {
  fromAgent,
  isSpoken,
  OUTPUT_WINDOW_BYTES,
  serverHello,
  SILENCE_MS,
  type FromAgent,
  type ToAgent,
} from '#lib/protocol/agent.ts'
import { controlFrame, DATA_BYTES_MAX, dataHead, FrameReader, PTY_STREAM, type Frame } from '#lib/protocol/frame.ts'

/** Bytes to an agent that its socket has not taken yet; one that reads so slowly is not ours any more. */
const UNSENT_BYTES_MAX = 4 * 1024 * 1024
const BEAT_MS = SILENCE_MS / 3

/** What makes programs of a visitor run, or reach them; besides it all bytes of theirs. */
const VISITORS: ReadonlySet<ToAgent['type']> = new Set(['run', 'repl', 'stop', 'task', 'task-end-input', 'task-stop'])

/** Why a connection closes whose sides share no protocol. */
export const OTHER_PROTOCOL = 'bad_protocol'
/** Why one closes whose sandbox another server has taken over: whatever we know of it is no longer ours to say. */
export const FENCED = 'fenced'
/** Why one closes whose network turned out to be open. */
export const CANARY_OPEN = 'canary_open'
/** Ends that are no breach of the protocol. */
const FAULTLESS: ReadonlySet<string> = new Set(['closed', 'done', FENCED])

export type LinkEvents = {
  message(message: Exclude<FromAgent, { type: 'pong' | 'fenced' | 'canary-open' }>): void
  /** Terminal output; `offset` is checked to go on where the last ended. */
  output(offset: number, bytes: Uint8Array): void
  taskOutput(stream: number, offset: number, bytes: Uint8Array): void
  /** Once; `why` is `closed` when the other side hung up, {@link FENCED}, or the rule that was broken. */
  closed(why: string): void
}

/**
 * One connection to one agent. All that arrives is hostile: frames are cut by the reader, messages checked by schema,
 * offsets and the output window by count; the first breach closes the connection, and with it at most one session.
 */
export class AgentLink {
  readonly #stream: Duplex
  readonly #clock: Clock
  readonly #metrics: Metrics
  readonly #reader = new FrameReader()
  #events: LinkEvents
  #closed = false
  #expected: number | undefined
  #acked = 0
  #heardAt: number
  #pingAt: number | undefined
  #cancelBeat: () => void = () => {}
  #held: Uint8Array[] | undefined
  #heldBytes = 0
  #cancelHold: () => void = () => {}

  constructor(stream: Duplex, events: LinkEvents, world: { clock: Clock; metrics: Metrics }) {
    this.#stream = stream
    this.#events = events
    this.#clock = world.clock
    this.#metrics = world.metrics
    this.#heardAt = this.#clock.now()
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    stream.on('error', () => this.close('closed'))
    stream.on('close', () => this.close('closed'))
    this.#beat()
  }

  /** Whoever listens from now on; a pool member's events go to the session that claims it. */
  listen(events: LinkEvents): void {
    this.#events = events
  }

  isClosed(): boolean {
    return this.#closed
  }

  hello(key: string, epoch: number): void {
    this.send(serverHello(key, epoch))
  }

  /** For so long nothing of a visitor reaches the sandbox; what they say meanwhile arrives after that, in its order. */
  hold(ms: number): void {
    this.#held = []
    this.#cancelHold = this.#clock.after(ms, () => {
      const held = this.#held ?? []
      this.#held = undefined
      for (const bytes of held) this.#write(bytes)
    })
  }

  send(message: ToAgent): void {
    // Output is expected again from wherever the answer to an attach says.
    if (message.type === 'attach' || message.type === 'detach') this.#expected = undefined
    if (message.type === 'ack' && message.stream === PTY_STREAM) this.#acked = Math.max(this.#acked, message.offset)
    if (VISITORS.has(message.type)) this.#writeLater(controlFrame(message))
    else this.#write(controlFrame(message))
  }

  data(stream: number, offset: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += DATA_BYTES_MAX) {
      const part = bytes.subarray(at, at + DATA_BYTES_MAX)
      // In one write: of two the agent would wake for the head alone.
      this.#writeLater(Buffer.concat([dataHead(stream, offset + at, part.length), part]))
    }
  }

  close(why: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelBeat()
    this.#cancelHold()
    this.#stream.destroy()
    if (!FAULTLESS.has(why)) this.#metrics.count('dragoman_agent_faults_total', { why })
    this.#events.closed(why)
  }

  #writeLater(bytes: Uint8Array): void {
    if (!this.#held) return this.#write(bytes)
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes > UNSENT_BYTES_MAX) this.close('slow_reader')
  }

  #write(bytes: Uint8Array): void {
    if (this.#closed) return
    this.#stream.write(bytes)
    if (this.#stream.writableLength > UNSENT_BYTES_MAX) this.close('slow_reader')
  }

  #take(chunk: Buffer): void {
    this.#heardAt = this.#clock.now()
    const frames = this.#reader.push(chunk)
    if (!frames.ok) return this.close(`bad_frame_${frames.error.why}`)
    for (const frame of joinOutput(frames.value)) {
      if (this.#closed) return
      if (frame.kind === 'control') this.#message(frame.message)
      else if (frame.stream === PTY_STREAM) this.#output(frame.offset, frame.bytes)
      else this.#events.taskOutput(frame.stream, frame.offset, frame.bytes)
    }
  }

  #message(raw: unknown): void {
    const parsed = fromAgent.safeParse(raw)
    if (!parsed.success) return this.close('bad_message')
    const message = parsed.data
    if (message.type === 'pong') {
      if (this.#pingAt !== undefined)
        this.#metrics.observe('dragoman_agent_rtt_seconds', {}, (this.#clock.now() - this.#pingAt) / 1000)
      this.#pingAt = undefined
      return
    }
    if (message.type === 'hello' && !isSpoken(message.protocol)) return this.close(OTHER_PROTOCOL)
    if (message.type === 'fenced' || (message.type === 'refused' && message.code === 'fenced')) return this.close(FENCED)
    if (message.type === 'canary-open') return this.close(CANARY_OPEN)
    if (message.type === 'attached') {
      this.#expected = message.from
      this.#acked = message.from
    }
    this.#events.message(message)
  }

  #output(offset: number, bytes: Uint8Array): void {
    // Frames already under way when we detached; nobody waits for them.
    if (this.#expected === undefined) return
    if (offset !== this.#expected) return this.close('output_gap')
    if (offset + bytes.length - this.#acked > OUTPUT_WINDOW_BYTES) return this.close('output_window')
    this.#expected += bytes.length
    this.#events.output(offset, bytes)
  }

  #beat(): void {
    const due = this.#clock.now() + BEAT_MS
    this.#cancelBeat = this.#clock.after(BEAT_MS, () => {
      const now = this.#clock.now()
      // Who slept itself, as a machine that was held does, cannot say that the other was silent: what it said lies unread.
      if (now - due >= BEAT_MS) this.#heardAt = Math.max(this.#heardAt, now - BEAT_MS)
      if (now - this.#heardAt >= SILENCE_MS) return this.close('silent')
      this.#pingAt ??= this.#clock.now()
      this.send({ type: 'ping' })
      this.#beat()
    })
  }
}

/** Neighbouring pieces of terminal output become one, so that a flood costs few messages. */
function joinOutput(frames: readonly Frame[]): readonly Frame[] {
  if (frames.length < 2) return frames
  const joined: Frame[] = []
  let run: Extract<Frame, { kind: 'data' }>[] = []
  let size = 0
  const flush = () => {
    const first = run[0]
    if (first) joined.push(run.length === 1 ? first : { ...first, bytes: Buffer.concat(run.map((frame) => frame.bytes)) })
    run = []
    size = 0
  }
  for (const frame of frames) {
    const first = run[0]
    const continues = frame.kind === 'data' && frame.stream === PTY_STREAM && (!first || frame.offset === first.offset + size)
    if (!continues) flush()
    if (frame.kind !== 'data' || frame.stream !== PTY_STREAM) {
      joined.push(frame)
      continue
    }
    run.push(frame)
    size += frame.bytes.length
  }
  flush()
  return joined
}
