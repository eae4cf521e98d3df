import { connect, type Socket } from 'node:net'

import { controlFrame, DATA_BYTES_MAX, dataHead, FrameReader, PTY_STREAM } from '#lib/protocol/frame.ts'
import { type FromRunner, fromRunner, RUNNER_PORT, type RunnerAsk, type RunnerOperation } from '#lib/protocol/runner.ts'

/** A pod of the same cluster answers within this, or is not there. */
const CONNECT_MS_MAX = 5000

export type RunnerWord =
  | { readonly kind: 'said'; readonly said: FromRunner }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }

/** One operation's connection to a runner, whose every word is checked. Errors of it reject what waits for it. */
export class RunnerLink implements Disposable {
  readonly #socket: Socket
  readonly #words: AsyncGenerator<RunnerWord, undefined>
  #silence: ReturnType<typeof setTimeout> | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => undefined) // it is told to whoever reads
    this.#words = wordsOf(socket, () => this.#silence?.refresh())
    socket.once('close', () => clearTimeout(this.#silence))
  }

  static async open(address: string, key: string, operation: RunnerOperation, port = RUNNER_PORT): Promise<RunnerLink> {
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true })
    const link = new RunnerLink(socket)
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => socket.destroy(new Error('it does not answer')), CONNECT_MS_MAX)
      socket.once('close', () => clearTimeout(late)).once('error', reject)
      socket.once('connect', () => {
        clearTimeout(late)
        resolve()
      })
    })
    await link.#write(controlFrame({ key, operation } satisfies RunnerAsk))
    return link
  }

  /** Ends it when nothing comes for so long, whatever is sent meanwhile: a socket's own limit counts both. */
  set silenceMs(ms: number) {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => this.#socket.destroy(new Error(`it said nothing for ${ms / 1000} s`)), ms)
  }

  /** The next word; undefined behind the last. */
  async next(): Promise<RunnerWord | undefined> {
    const { value } = await this.#words.next()
    return value
  }

  /** Bytes until it says that those were all. Throws when it says anything else, or breaks off. */
  async *bytes(): AsyncGenerator<Uint8Array> {
    for (let word = await this.next(); ; word = await this.next()) {
      if (word?.kind === 'bytes') yield word.bytes
      else if (word?.kind === 'said' && word.said.type === 'end') return
      else throw new Error(word?.kind === 'said' && word.said.type === 'failed' ? word.said.why : 'it broke off')
    }
  }

  ping(): void {
    if (this.#socket.writable) this.#socket.write(controlFrame({ type: 'ping' }))
  }

  /** As fast as the runner takes them. */
  async send(bytes: AsyncIterable<Uint8Array>): Promise<void> {
    let offset = 0
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length; at += DATA_BYTES_MAX) {
        const part = chunk.subarray(at, at + DATA_BYTES_MAX)
        await this.#write(Buffer.concat([dataHead(PTY_STREAM, offset, part.length), part]))
        offset += part.length
      }
    }
  }

  /** No more is sent; what was goes out. */
  end(): void {
    this.#socket.end()
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#socket.destroyed) throw new Error('it has hung up')
    if (this.#socket.write(bytes)) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const gone = () => reject(new Error('it has hung up'))
    this.#socket.once('drain', resolve).once('close', gone)
    try {
      await promise
    } finally {
      this.#socket.off('drain', resolve).off('close', gone)
    }
  }
}

async function* wordsOf(socket: Socket, heard: () => void): AsyncGenerator<RunnerWord, undefined> {
  const reader = new FrameReader()
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    heard()
    const frames = reader.push(chunk)
    if (!frames.ok) throw new Error(`it said what is no frame: ${frames.error.why}`)
    for (const frame of frames.value) {
      if (frame.kind === 'data') {
        yield { kind: 'bytes', bytes: frame.bytes }
        continue
      }
      const said = fromRunner.safeParse(frame.message)
      if (!said.success) throw new Error('it said what no runner says')
      yield { kind: 'said', said: said.data }
    }
  }
  return undefined
}
