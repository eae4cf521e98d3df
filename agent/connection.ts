import { SILENCE_MS } from '#lib/protocol/agent-words.ts'
import type { FromAgent } from '#lib/protocol/agent.ts'
import { controlFrame, dataHead, type Frame, FrameReader } from '#lib/protocol/frame.ts'

/** Answers to a server that does not read them; output is bounded by its windows far below this. */
export const BACKLOG_BYTES_MAX = 1024 * 1024

/** Who was hung up on may read what was said last, and must not keep a descriptor of ours by never hanging up itself. */
const LINGER_MS = 1000

/** A timer that comes so late did not come from a machine that ran all the while. */
const LATE_MS = SILENCE_MS / 3

export type Socket = Bun.Socket<Connection>
type Listener = {
  readonly frame: (connection: Connection, frame: Frame) => void
  readonly closed: (connection: Connection) => void
}

/** One connection of a server: cuts its bytes into frames, and writes ours as fast as it takes them. */
export class Connection {
  readonly #socket: Socket
  readonly #listener: Listener
  readonly #reader = new FrameReader()
  #backlog: Uint8Array[] = []
  #backlogBytes = 0
  #isClosed = false
  #silence: ReturnType<typeof setTimeout> | undefined

  constructor(socket: Socket, listener: Listener) {
    this.#socket = socket
    this.#listener = listener
    this.#heard()
  }

  say(message: FromAgent): void {
    this.#write(controlFrame(message))
  }

  data(stream: number, offset: number, bytes: Uint8Array): void {
    this.#write(Buffer.concat([dataHead(stream, offset, bytes.length), bytes]))
  }

  /** What the socket brought. */
  received(bytes: Uint8Array): void {
    if (this.#isClosed) return
    this.#heard()
    const frames = this.#reader.push(bytes)
    if (!frames.ok) return this.close()
    for (const frame of frames.value) if (!this.#isClosed) this.#listener.frame(this, frame)
  }

  /** The socket takes bytes again. */
  drained(): void {
    while (this.#backlog[0]) {
      const written = Math.max(0, this.#socket.write(this.#backlog[0]))
      this.#backlogBytes -= written
      if (written < this.#backlog[0].length) {
        this.#backlog[0] = this.#backlog[0].subarray(written)
        return
      }
      this.#backlog.shift()
    }
  }

  /** May be repeated; what was said just before still goes out where the socket takes it at once. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#silence)
    this.#backlog = []
    // Closed outright with something unread, what we said last would be lost on its way.
    this.#socket.shutdown()
    setTimeout(() => this.#socket.terminate(), LINGER_MS)
    this.#listener.closed(this)
  }

  #write(frame: Uint8Array): void {
    if (this.#isClosed) return
    this.#backlog.push(frame)
    this.#backlogBytes += frame.length
    if (this.#backlog.length === 1) this.drained()
    if (this.#backlogBytes > BACKLOG_BYTES_MAX) this.close()
  }

  #heard(): void {
    clearTimeout(this.#silence)
    const from = performance.now()
    this.#silence = setTimeout(() => {
      // Who slept itself, as a machine that was held does, cannot say that the other was silent.
      if (performance.now() - from > SILENCE_MS + LATE_MS) this.#heard()
      else this.close()
    }, SILENCE_MS)
  }
}
