import type { Socket } from 'node:net'

import { controlFrame, DATA_BYTES_MAX, dataHead, type Frame, FrameReader, PTY_STREAM } from '#lib/protocol/frame.ts'
import type { FromRunner } from '#lib/protocol/runner.ts'

/** One connection of the server: frames in the order in which they came, and answers as fast as they are taken. */
export class Link {
  readonly #socket: Socket
  readonly #frames: AsyncGenerator<Frame, undefined>

  constructor(socket: Socket) {
    this.#socket = socket
    this.#frames = framesOf(socket)
    socket.on('error', () => socket.destroy())
  }

  say(message: FromRunner): Promise<void> {
    return this.#write(controlFrame(message))
  }

  /** Answers the offset behind the bytes. */
  async data(offset: number, bytes: Uint8Array): Promise<number> {
    for (let at = 0; at < bytes.length; at += DATA_BYTES_MAX) {
      const part = bytes.subarray(at, at + DATA_BYTES_MAX)
      await this.#write(Buffer.concat([dataHead(PTY_STREAM, offset + at, part.length), part]))
    }
    return offset + bytes.length
  }

  /** The next that came; undefined behind the last. Throws when what the server says is no frame. */
  async next(): Promise<Frame | undefined> {
    const { value, done } = await this.#frames.next()
    return done ? undefined : value
  }

  onClose(closed: () => void): void {
    this.#socket.once('close', closed)
  }

  /** What was written goes out first. */
  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#socket.destroyed) throw new Error('the server has hung up')
    if (this.#socket.write(bytes)) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const gone = () => reject(new Error('the server has hung up'))
    this.#socket.once('drain', resolve).once('close', gone)
    try {
      await promise
    } finally {
      this.#socket.off('drain', resolve).off('close', gone)
    }
  }
}

async function* framesOf(socket: Socket): AsyncGenerator<Frame, undefined> {
  const reader = new FrameReader()
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    const frames = reader.push(chunk)
    if (!frames.ok) throw new Error(`the server said what is no frame: ${frames.error.why}`)
    yield* frames.value
  }
  return undefined
}
