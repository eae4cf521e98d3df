import { closeSync, readSync, writeSync } from 'node:fs'

import { terminalSize } from '#lib/domain/terminal-size.ts'

import { openPty, setWindowSize, type TerminalModes, terminalModes } from './libc.ts'
import { VISITOR } from './visitor.ts'

const READ_BYTES = 16 * 1024
/** A terminal holds less. More comes from somebody who is being killed and need not be waited for. */
const LAST_BYTES_MAX = 256 * 1024

/**
 * The agent's end of a pseudo-terminal. Bun's own `Terminal` cannot pause: here nothing is read that was not asked for,
 * so a full window really blocks the program.
 */
export class Pty {
  readonly #master: number
  readonly #tellsEnd: boolean
  readonly #reader: { read(): Promise<{ value?: Uint8Array | undefined }>; cancel(): Promise<void> }
  #last: Uint8Array[] | undefined
  #finished = () => {}
  #slave: number | undefined
  #closed = false

  constructor(cols: number, rows: number) {
    const { master, slave, tellsEnd } = openPty(VISITOR)
    this.#tellsEnd = tellsEnd
    this.#master = master
    this.#slave = slave
    this.resize(cols, rows)
    this.#reader = Bun.file(master).stream().getReader()
  }

  /** The program's end, to be handed to it and then released: as long as we hold it, reading finds no end. */
  get slave(): number {
    if (this.#slave === undefined) throw new Error('The slave was released')
    return this.#slave
  }

  releaseSlave(): void {
    if (this.#slave !== undefined) closeSync(this.#slave)
    this.#slave = undefined
  }

  resize(cols: number, rows: number): void {
    const size = terminalSize(cols, rows)
    if (!this.#closed) setWindowSize(this.#master, size.cols, size.rows)
  }

  /** The next bytes; undefined once all are read and no process holds the other end. */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#last) return this.#last.shift()
    try {
      return this.#tellsEnd ? (await this.#reader.read()).value : await this.#readUntilFinished()
    } catch (error) {
      if (hasCode(error, 'EIO') || this.#closed) return undefined
      throw error
    }
  }

  /** The program has ended. Where the kernel does not tell that nobody holds the other end, what is there now is the last. */
  finish(): void {
    if (this.#tellsEnd || this.#closed || this.#last) return
    this.#last = []
    for (let left = LAST_BYTES_MAX; left > 0;) {
      const bytes = this.#readNow()
      if (!bytes) break
      left -= bytes.length
      this.#last.push(bytes)
    }
    this.#finished()
  }

  #readUntilFinished(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.#finished = () => resolve(this.#last?.shift())
      this.#reader.read().then(({ value }) => resolve(value), reject)
    })
  }

  #readNow(): Uint8Array | undefined {
    const bytes = new Uint8Array(READ_BYTES)
    try {
      const length = readSync(this.#master, bytes)
      return length > 0 ? bytes.subarray(0, length) : undefined
    } catch {
      return undefined // nothing there, or never any more
    }
  }

  /** Whether the kernel does all that a terminal does: it makes signals of keys, and tells the end. */
  get isWhole(): boolean {
    return this.#tellsEnd
  }

  modes(): TerminalModes | undefined {
    return this.#closed ? undefined : terminalModes(this.#master)
  }

  /** How many of the bytes it took; 0 while the program does not read, and when nobody ever will. */
  write(bytes: Uint8Array): number {
    if (this.#closed) return 0
    try {
      return writeSync(this.#master, bytes)
    } catch (error) {
      if (hasCode(error, 'EAGAIN') || hasCode(error, 'EIO')) return 0
      throw error
    }
  }

  /** May be repeated. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.releaseSlave()
    void this.#reader.cancel().catch(() => undefined) // it has ended already, or ends with the descriptor
    closeSync(this.#master)
  }
}

const hasCode = (error: unknown, code: string) => (error as { code?: unknown } | null)?.code === code
