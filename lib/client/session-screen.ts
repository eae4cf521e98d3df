import { ackPacer, type After } from './ack-pacer.ts'
import { OutputCursor } from './output-cursor.ts'

/** The screen a session draws on. `drawn` is called when the bytes are on it. */
export type Screen = {
  readonly size: { readonly cols: number; readonly rows: number }
  write(bytes: Uint8Array, drawn: () => void): void
  /** A dim line of ours. */
  notice(words: string): void
  /** Lifts what there is into the scrollback, for the next program. */
  fresh(): void
  reset(): void
}

/** A session's output on its way to the screen, by offsets: nothing twice, and what is missing is said. */
export type SessionScreen = {
  /** Offset of the first byte that did not come yet. */
  readonly next: number
  /** What is drawn now was on the screen before a reload; answers to it are not sent again. */
  readonly isReplaying: boolean
  /** A new session begins; what comes late of the one before is drawn and not acknowledged. */
  begin(): void
  /** The session goes on with its byte `from`; before `replayEnd` it was on the screen before a reload. */
  goOn(from: number, replayEnd: number | undefined): void
  /** `screenFrom`: where the program begins whose screen it is. */
  draw(offset: number, bytes: Uint8Array, screenFrom: number): void
  /** The next program's output follows. */
  nextProgram(): void
}

export function sessionScreen(screen: Screen, ack: (offset: number) => void, after: After): SessionScreen {
  const cursor = new OutputCursor()
  const acks = ackPacer(ack, after)
  let replayEnd = 0
  let drawnEnd = 0
  let generation = 0

  /** After a reload the ring begins where it begins; within a page bytes between are lost, and it is said. */
  function drawGap(from: number) {
    if (cursor.next > 0) {
      screen.reset()
      screen.notice(`${from - cursor.next} bytes were printed while the connection was lost, and are gone`)
    }
    cursor.next = from
  }

  function put(bytes: Uint8Array, end: number) {
    const session = generation
    screen.write(bytes, () => {
      if (session !== generation) return // drawn late, of a session that is over
      drawnEnd = Math.max(drawnEnd, end)
      acks.drawn(end)
    })
  }

  return {
    get next() {
      return cursor.next
    },
    get isReplaying() {
      return drawnEnd < replayEnd
    },
    begin() {
      cursor.next = drawnEnd = replayEnd = 0
      generation++
      acks.restart(0)
    },
    goOn(from, replay) {
      replayEnd = replay ?? replayEnd
      if (cursor.next < from) drawGap(from)
      acks.restart(cursor.next)
    },
    draw(offset, bytes, screenFrom) {
      const { bytes: fresh, skipped } = cursor.take(offset, bytes)
      if (skipped > 0 && offset - skipped > 0) screen.notice(`${skipped} bytes are missing here`)
      if (fresh.length === 0) return
      const begin = cursor.next - fresh.length
      const cut = begin < screenFrom && screenFrom < cursor.next && screenFrom < replayEnd ? screenFrom - begin : 0
      if (cut > 0) put(fresh.subarray(0, cut), begin + cut)
      if (cut > 0 || (begin === screenFrom && begin > 0 && begin < replayEnd)) screen.fresh()
      put(fresh.subarray(cut), cursor.next)
    },
    nextProgram() {
      if (cursor.next > 0) screen.fresh()
    },
  }
}
