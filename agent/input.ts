import { err, ok, type Result } from '#lib/domain/result.ts'
import { INPUT_WINDOW_BYTES } from '#lib/protocol/sizes.ts'

/** A program that does not read is asked again after this long, then ever later. */
const RETRY_MS = 2
const RETRY_MS_MAX = 100
/** What was taken is told this much later, in ms: the echo goes first, and one word is said of many keys. */
export const TELL_MS = 20
/** But at once when it is this much of the window, so that a long paste does not wait. */
export const TELL_BYTES = INPUT_WINDOW_BYTES / 4

export interface InputTaker {
  /** How many of the bytes it took; 0 for none now. */
  write(bytes: Uint8Array): number
}

/** What is typed: taken once each by its offset, held until the terminal takes it, dropped while no job runs. */
export class Input {
  readonly #taken: (offset: number) => void
  #queue: Uint8Array[] = []
  #end = 0
  #takenEnd = 0
  #toldEnd = 0
  #telling: ReturnType<typeof setTimeout> | undefined
  #to: InputTaker | undefined
  #retry: ReturnType<typeof setTimeout> | undefined
  #retryMs = RETRY_MS

  /** `taken` is told up to where input was taken, soon after that moved. */
  constructor(taken: (offset: number) => void) {
    this.#taken = taken
  }

  /** Where the next byte goes. */
  get end(): number {
    return this.#end
  }

  push(offset: number, bytes: Uint8Array): Result<void, { code: 'gap' | 'input_full' }> {
    if (offset > this.#end) return err({ code: 'gap' })
    const fresh = bytes.subarray(this.#end - offset)
    if (fresh.length === 0) {
      this.#tell()
      return ok(undefined)
    }
    if (this.#end + fresh.length - this.#takenEnd > INPUT_WINDOW_BYTES) {
      this.#tell() // who is refused may count anew
      return err({ code: 'input_full' })
    }
    this.#end += fresh.length
    this.#queue.push(fresh)
    this.#pump()
    return ok(undefined)
  }

  /** Input goes to this program from now on; nothing that was meant for the one before. */
  open(to: InputTaker): void {
    this.close()
    this.#to = to
  }

  close(): void {
    this.#to = undefined
    this.#pump()
  }

  #pump(): void {
    clearTimeout(this.#retry)
    const before = this.#takenEnd
    while (this.#queue[0]) {
      const written = this.#to ? this.#to.write(this.#queue[0]) : this.#queue[0].length
      if (written === 0) break
      this.#takenEnd += written
      this.#queue[0] = this.#queue[0].subarray(written)
      if (this.#queue[0].length === 0) this.#queue.shift()
    }
    this.#retryMs = this.#takenEnd > before ? RETRY_MS : Math.min(RETRY_MS_MAX, this.#retryMs * 2)
    if (this.#queue.length > 0) this.#retry = setTimeout(() => this.#pump(), this.#retryMs)
    if (this.#takenEnd - this.#toldEnd >= TELL_BYTES) this.#tell()
    else if (this.#takenEnd > before) this.#telling ??= setTimeout(() => this.#tell(), TELL_MS)
  }

  #tell(): void {
    clearTimeout(this.#telling)
    this.#telling = undefined
    this.#toldEnd = this.#takenEnd
    this.#taken(this.#takenEnd)
  }
}
