import type { FromAgent } from '#lib/protocol/agent.ts'
import { PTY_STREAM } from '#lib/protocol/frame.ts'
import { OUTPUT_WINDOW_BYTES, RING_BYTES } from '#lib/protocol/sizes.ts'

import { Ring } from './ring.ts'

/** One data frame carries at most this much, so that an answer never waits behind much more. */
export const CHUNK_BYTES = 32 * 1024
// After a job's end its rest is read whether there is room in the window or not. One read gives up to 150 KB.
const SLACK_BYTES = 256 * 1024

/** Whoever listens to the agent now; says nothing where nobody does. */
export interface Line {
  readonly live: boolean
  say(message: FromAgent): void
  data(stream: number, offset: number, bytes: Uint8Array): void
}

/**
 * The terminal's output: one stream of bytes over all jobs. While somebody is attached, what was not acknowledged stays
 * within the window and the program waits; else it is drained into the ring. What happens to a job is said in its place
 * in the stream: after all that was printed before.
 */
export class Output {
  readonly #line: Line
  readonly #ring = new Ring(RING_BYTES + SLACK_BYTES)
  #attached = false
  #sent = 0
  #acked = 0
  #news: { readonly at: number; readonly message: FromAgent }[] = []
  #waiting: (() => void) | undefined

  constructor(line: Line) {
    this.#line = line
  }

  get end(): number {
    return this.#ring.end
  }

  append(bytes: Uint8Array): void {
    this.#ring.append(bytes)
    this.#flush()
  }

  /** Says it once everything so far is sent. */
  say(message: FromAgent): void {
    this.#news.push({ at: this.end, message })
    this.#flush()
  }

  /** From where the output would go on for one who lacks everything from `offset`. */
  placeOf(offset: number): number {
    const oldest = Math.max(0, this.end - RING_BYTES)
    return Math.min(this.end, Math.max(oldest, offset))
  }

  attach(from: number): void {
    this.#attached = true
    this.#sent = from
    this.#acked = from
    this.#flush()
    this.wake()
  }

  detach(): void {
    this.#attached = false
    this.#flush()
    this.wake()
  }

  ack(offset: number): void {
    this.#acked = Math.min(this.#sent, Math.max(this.#acked, offset))
    this.#flush()
    this.wake()
  }

  /** Resolves when the next bytes may be read, or `mayPass` says that waiting is over and the ring can take them. */
  async room(mayPass: () => boolean): Promise<void> {
    while (this.#attached && this.end >= this.#acked + (mayPass() ? RING_BYTES : OUTPUT_WINDOW_BYTES)) {
      await new Promise<void>((resolve) => (this.#waiting = resolve))
    }
  }

  /** Lets whoever waits for room look again. */
  wake(): void {
    this.#waiting?.()
    this.#waiting = undefined
  }

  #flush(): void {
    if (!this.#line.live) return this.#keepLastEnding()
    for (let more = true; more;) {
      const sentBefore = this.#sent
      this.#sayDue()
      if (this.#attached) this.#sendChunk()
      more = this.#attached && this.#sent > sentBefore
    }
  }

  #sayDue(): void {
    while (this.#news[0] && (!this.#attached || this.#news[0].at <= this.#sent)) {
      const [next] = this.#news.splice(0, 1)
      if (next) this.#line.say(next.message)
    }
  }

  #sendChunk(): void {
    const until = Math.min(this.#news[0]?.at ?? Infinity, this.end, this.#acked + OUTPUT_WINDOW_BYTES)
    const chunk = this.#ring.view(this.#sent, Math.min(CHUNK_BYTES, until - this.#sent))
    if (chunk.length === 0) return
    const offset = this.#sent
    this.#sent += chunk.length
    this.#line.data(PTY_STREAM, offset, chunk)
  }

  /** Nobody is there to tell: whoever attaches next asks for the state, but could not ask how the last job ended. */
  #keepLastEnding(): void {
    this.#news = this.#news.filter(({ message }) => message.type === 'ended').slice(-1)
  }
}
