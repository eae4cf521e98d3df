import type { BuildLogs } from '#lib/application/ports/build-logs.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { AttemptKey } from '#lib/domain/build.ts'
import { LOG_CHUNK_BYTES_MAX } from '#lib/domain/log-sizes.ts'

/** What is written within this time goes together: a tenth of a second is not seen, and ten chunks a second are no load. */
export const LOG_FLUSH_MS = 100
/** Held here while the database is away or slow. Who writes more waits, and with it the program at the other end. */
export const LOG_HELD_BYTES_MAX = 1024 * 1024
const RETRY_MS = 1000

export type LogWriterWorld = {
  readonly logs: Pick<BuildLogs, 'append'>
  readonly clock: Clock
  /** Called after each chunk that was kept. */
  readonly kept: () => void
}

/** The runner's end of an attempt's log: cuts what is written into numbered chunks and pushes them, one after the other. */
export class LogWriter {
  readonly #world: LogWriterWorld
  readonly #attempt: AttemptKey
  #held: Uint8Array[] = []
  #heldBytes = 0
  #seq = 0
  #pushing: Promise<void> | undefined
  #cancelTimer: (() => void) | undefined
  /** Somebody else has the attempt now, or nobody will; what is written goes nowhere. */
  #over = false
  #room = Promise.withResolvers<void>()

  constructor(world: LogWriterWorld, attempt: AttemptKey) {
    this.#world = world
    this.#attempt = attempt
  }

  /** Settles when there is room for more. */
  async write(text: Uint8Array | string): Promise<void> {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
    if (this.#over || bytes.length === 0) return
    this.#held.push(bytes)
    this.#heldBytes += bytes.length
    if (this.#heldBytes >= LOG_CHUNK_BYTES_MAX) this.#push()
    else if (!this.#pushing) this.#cancelTimer ??= this.#world.clock.after(LOG_FLUSH_MS, () => this.#push())
    while (this.#heldBytes > LOG_HELD_BYTES_MAX && !this.#over) await this.#room.promise
  }

  /** Settles when all is kept, or when the signal says that it does not matter any more. */
  async close(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#end(), { once: true })
    if (signal.aborted) this.#end()
    while (this.#heldBytes > 0 && !this.#over) {
      this.#push()
      await this.#pushing
    }
    this.#end()
  }

  #push(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#heldBytes === 0) return
    this.#pushing ??= this.#pushHeld().finally(() => {
      this.#pushing = undefined
      if (this.#heldBytes > 0 && !this.#over) this.#cancelTimer ??= this.#world.clock.after(LOG_FLUSH_MS, () => this.#push())
    })
  }

  async #pushHeld(): Promise<void> {
    do {
      const chunk = this.#take()
      while (!(await this.#kept(chunk)) && !this.#over) await this.#pause()
      this.#room.resolve()
      this.#room = Promise.withResolvers()
    } while (this.#heldBytes >= LOG_CHUNK_BYTES_MAX && !this.#over)
  }

  /** The next chunk. Its bytes still count as held until they are kept. */
  #take(): Uint8Array {
    const all = Buffer.concat(this.#held)
    this.#held = all.length > LOG_CHUNK_BYTES_MAX ? [all.subarray(LOG_CHUNK_BYTES_MAX)] : []
    return all.subarray(0, LOG_CHUNK_BYTES_MAX)
  }

  async #kept(chunk: Uint8Array): Promise<boolean> {
    try {
      const appended = await this.#world.logs.append(this.#attempt, this.#seq, chunk)
      if (!appended.ok) {
        this.#end()
        return false
      }
    } catch {
      return false // the database is away; the same chunk again is no second one
    }
    this.#seq++
    this.#heldBytes -= chunk.length
    this.#world.kept()
    return true
  }

  #pause(): Promise<void> {
    return new Promise((done) => void this.#world.clock.after(RETRY_MS, done))
  }

  #end(): void {
    this.#over = true
    this.#heldBytes = 0
    this.#held = []
    this.#cancelTimer?.()
    this.#room.resolve()
  }
}
