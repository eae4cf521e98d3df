import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** What was held for the agent has arrived there by then. */
const LATER_MS = 20

type Side = 'server' | 'agent'

/**
 * A connection to an agent that behaves as networks do: it hands its bytes on in pieces of any size, keeps them for a while,
 * and ends in the midst of a frame.
 */
export class Wire extends Duplex {
  readonly #socket: Socket
  readonly #pieceBytes: number
  readonly #held = new Map<Side, Buffer[]>()
  /** So many bytes more, both ways together, and it is cut. */
  #left = Infinity

  constructor(socket: Socket, pieceBytes: number) {
    super({ emitClose: true })
    this.#socket = socket
    this.#pieceBytes = pieceBytes
    socket.on('data', (bytes: Buffer) => this.#carry('server', bytes))
    socket.on('error', () => undefined)
    socket.on('close', () => this.destroy())
  }

  /** From now on nothing arrives on either side, until it is released. */
  hold(): void {
    for (const side of ['server', 'agent'] as const) this.#held.set(side, [])
  }

  /** What was meant for the agent arrives before the server hears anything. */
  release(): void {
    this.#release('agent')
    setTimeout(() => this.#release('server'), LATER_MS)
  }

  cutAfter(bytes: number): void {
    this.#left = bytes
    if (bytes === 0) this.destroy()
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.#carry('agent', bytes)
    done()
  }

  override _destroy(_error: Error | null, done: () => void): void {
    this.#socket.destroy()
    done()
  }

  #release(side: Side): void {
    const held = this.#held.get(side) ?? []
    this.#held.delete(side)
    for (const bytes of held) this.#pass(side, bytes)
  }

  #carry(to: Side, bytes: Buffer): void {
    const held = this.#held.get(to)
    if (held) held.push(bytes)
    else this.#pass(to, bytes)
  }

  #pass(to: Side, bytes: Buffer): void {
    for (let at = 0; at < bytes.length && !this.destroyed; at += this.#pieceBytes) {
      const piece = bytes.subarray(at, Math.min(at + this.#pieceBytes, at + this.#left))
      this.#left -= piece.length
      if (to === 'agent') this.#socket.write(piece)
      else this.push(piece)
      if (this.#left <= 0) this.destroy()
    }
  }
}
