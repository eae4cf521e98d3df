import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

import { SILENCE_MS, type ToAgent } from '#lib/protocol/agent-words.ts'
import { type FromAgent, fromAgent } from '#lib/protocol/agent.ts'
import { controlFrame, dataHead, FrameReader, PTY_STREAM } from '#lib/protocol/frame.ts'

const WAIT_MS_MAX = 20_000
/** Conditions outside the connection are looked at this often. */
const LOOK_MS = 10

type Word<Type extends FromAgent['type']> = Extract<FromAgent, { type: Type }>
type Heard = { readonly message: FromAgent; readonly at: number }

/** A server as the agent's tests need it: checks every frame as the real one does, and acknowledges when told to. */
export class Client {
  /** Acknowledge output at once, as a viewer that draws. */
  acksAtOnce = true
  /** Answers each data frame instead of keeping its bytes, for the measurement of speed. */
  keepsOutput = true
  /** All that was said, with the terminal's offset at that moment. */
  readonly heard: Heard[] = []
  readonly closed: Promise<void>
  readonly #socket: Socket
  readonly #reader = new FrameReader()
  readonly #pings: ReturnType<typeof setInterval>
  readonly #streams = new Map<number, { from: number; end: number; chunks: Uint8Array[] }>()
  #taken = 0
  #watchers: (() => void)[] = []
  #inputEnd = 0
  #fault: Error | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    this.#pings = setInterval(() => this.say({ type: 'ping' }), SILENCE_MS / 3)
    socket.once('close', () => this.fallSilent())
    socket.on('data', (bytes: Buffer) => this.#received(bytes))
    socket.on('error', () => undefined)
    socket.on('close', () => this.#wake())
  }

  /** By the path of a socket, or on a port of this machine as soon as somebody listens there. */
  static async dial(place: string | number): Promise<Client> {
    for (const deadline = performance.now() + WAIT_MS_MAX; ;) {
      const socket = typeof place === 'string' ? connect(place) : connect(place, '127.0.0.1')
      const client = new Client(socket)
      const connected = once(socket, 'connect').then(
        () => true,
        () => false,
      )
      if (await connected) return client
      if (performance.now() > deadline) throw new Error(`Cannot dial the agent on ${place}`)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  say(word: ToAgent): void {
    this.#socket.write(controlFrame(word))
  }

  /** No pings from now on. */
  fallSilent(): void {
    clearInterval(this.#pings)
  }

  /** Bytes that are no frame of ours. */
  raw(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  type(text: string | Uint8Array, at = this.#inputEnd, stream = PTY_STREAM): void {
    const bytes = Buffer.from(text as string)
    this.#socket.write(Buffer.concat([dataHead(stream, at, bytes.length), bytes]))
    if (stream === PTY_STREAM) this.#inputEnd = at + bytes.length
  }

  ack(offset = this.end(), stream = PTY_STREAM): void {
    this.say({ type: 'ack', stream, offset })
  }

  /** The next message of that type that was not asked for yet. */
  async next<Type extends FromAgent['type']>(type: Type): Promise<Word<Type> & { readonly at: number }> {
    let found = -1
    await this.until(`"${type}"`, () => {
      found = this.heard.findIndex(({ message }, i) => i >= this.#taken && message.type === type)
      return found >= 0
    })
    const heard = this.heard[found] as Heard
    this.#taken = found + 1
    return { ...(heard.message as Word<Type>), at: heard.at }
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const deadline = performance.now() + WAIT_MS_MAX
    while (!holds()) {
      if (this.#fault) throw this.#fault
      if (this.#socket.destroyed) throw new Error(`The connection closed while waiting for ${what}`)
      if (performance.now() > deadline) throw new Error(`No ${what} after ${WAIT_MS_MAX} ms; heard ${this.#heardLast()}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, LOOK_MS)
      this.#watchers.push(resolve)
      await promise
      clearTimeout(timer)
    }
  }

  async untilOutput(text: string): Promise<void> {
    await this.until(JSON.stringify(text), () => this.output().includes(text))
  }

  bytes(stream = PTY_STREAM): Buffer {
    return Buffer.concat(this.#streams.get(stream)?.chunks ?? [])
  }

  output(stream = PTY_STREAM): string {
    return this.bytes(stream).toString()
  }

  end(stream = PTY_STREAM): number {
    return this.#streams.get(stream)?.end ?? 0
  }

  forgetOutput(): void {
    for (const stream of this.#streams.values()) stream.chunks = []
  }

  close(): void {
    this.#socket.destroy()
  }

  #received(bytes: Buffer): void {
    const frames = this.#reader.push(bytes)
    if (!frames.ok) return this.#fail(`bad frame: ${frames.error.why}`)
    for (const frame of frames.value) {
      if (frame.kind === 'data') this.#take(frame.stream, frame.offset, frame.bytes)
      else this.#hear(frame.message)
    }
    this.#wake()
  }

  #hear(said: unknown): void {
    const checked = fromAgent.safeParse(said)
    if (!checked.success) return this.#fail(`message outside the protocol: ${JSON.stringify(said)}`)
    const message = checked.data
    if (message.type === 'attached') this.#streams.set(PTY_STREAM, { from: message.from, end: message.from, chunks: [] })
    if (message.type === 'attached') this.#inputEnd = message.inputEnd
    this.heard.push({ message, at: this.end() })
  }

  #take(stream: number, offset: number, bytes: Uint8Array): void {
    const held = this.#streams.get(stream) ?? { from: 0, end: 0, chunks: [] }
    this.#streams.set(stream, held)
    if (offset !== held.end) return this.#fail(`stream ${stream} goes on at ${offset}, not ${held.end}`)
    held.end += bytes.length
    if (this.keepsOutput) held.chunks.push(Uint8Array.from(bytes))
    if (this.acksAtOnce) this.ack(held.end, stream)
  }

  #fail(why: string): void {
    this.#fault ??= new Error(`The agent broke the protocol: ${why}`)
    this.#wake()
  }

  #wake(): void {
    const watchers = this.#watchers
    this.#watchers = []
    for (const watcher of watchers) watcher()
  }

  #heardLast(): string {
    return JSON.stringify(this.heard.slice(-5).map(({ message }) => message)) + JSON.stringify(this.output().slice(-200))
  }
}
