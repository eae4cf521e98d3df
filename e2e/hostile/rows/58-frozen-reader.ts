/**
 * A flood whose reader draws nothing any more: a frozen tab, a pulled cable. Expected: the program is held up once the
 * window is full, the server's memory stays flat, and when the reader draws again not a byte is missing; a reader that is
 * gone for good leaves a session that is drained, and ends.
 */
import { OUTPUT_WINDOW_BYTES } from '#lib/protocol/sizes.ts'

import type { Attack } from '../attack.ts'
import { sh } from '../programs.ts'
import { becomes, pause } from '../until.ts'

const READERS = 5
const FREEZE_MS = 3000
const RSS_GROWTH_MB_MAX = 10
const GOES_ON_MS_MAX = 2000
/** Far beyond the window, and less than a transcript keeps from its beginning. */
const LOOKED_AT_CHARS = 1024 * 1024

export const attack: Attack = {
  number: 58,
  what: 'Floods whose readers have stopped drawing',
  expected: 'held up at the window, flat memory, and going on when they draw again',
  quick: true,
  async act(actor, { expect, open, rssMb }) {
    const readers = [actor]
    while (readers.length < READERS) readers.push(await open())
    const before = rssMb()
    for (const reader of readers) {
      reader.stall()
      await reader.begin(sh('seq 1 100000000'))
    }
    await pause(FREEZE_MS)
    const grown = rssMb() - before
    expect(grown <= RSS_GROWTH_MB_MAX, `the server grew by ${grown.toFixed(1)} MB`)
    for (const reader of readers) {
      expect(reader.bytes() <= 2 * OUTPUT_WINDOW_BYTES, `${reader.bytes()} bytes were sent to a reader that drew none`)
    }
    const held = actor.bytes()
    actor.draw()
    const goesOn = await becomes(() => actor.bytes() > held + 4 * OUTPUT_WINDOW_BYTES, GOES_ON_MS_MAX)
    expect(goesOn, `after drawing again only ${actor.bytes() - held} bytes came`)
    expect(isCount(actor.output().slice(0, LOOKED_AT_CHARS)), 'lines were lost or repeated')
  },
}

/** Whether the numbers come one after another, from 1 on, as far as they go. */
function isCount(output: string): boolean {
  const begins = output.search(/1\r\n2\r\n3\r\n/)
  const lines = output.slice(begins).trim().split(/\r\n/).slice(0, -1)
  return begins >= 0 && lines.length > 1000 && lines.every((line, n) => Number(line) === n + 1)
}
