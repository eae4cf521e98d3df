/**
 * Waits for a line that nobody types, and beside it a bot that types for ever. A socket is no sign of use, and a bot that
 * looks alive would hold its sandbox for good. Expected: the first ends for "idle", the second for "time", on the second.
 */
import type { Attack } from '../attack.ts'
import { sh } from '../programs.ts'
import { inTime, pause } from '../until.ts'

/** As langs/idleshell.yaml sets them. */
const IDLE_MS = 6000
const LIFE_MS = 12_000
const LATE_MS_MAX = 2000
const KEY_MS = 500

export const attack: Attack = {
  number: 26,
  what: 'Reads for ever without a keystroke; types for ever',
  expected: 'ended for "idle" and for "time" within two seconds of the limit',
  quick: false,
  async act(first, { expect, open }) {
    await first.leave()
    const began = performance.now()
    const [silent, bot] = await Promise.all([open('idleshell'), open('idleshell')])
    const opened = performance.now()
    await silent.begin(sh('echo waiting; read line'))
    await silent.saw('waiting')
    const ready = performance.now()

    void type()
    const idle = await inTime(silent.sessionEnded, LIFE_MS, () => 'the end of an idle session')
    const idleMs = performance.now() - ready
    expect(idle === 'idle', `the idle session ended with ${idle}`)
    expect(Math.abs(idleMs - IDLE_MS) <= LATE_MS_MAX, `it was idle for ${Math.round(idleMs)} ms`)

    const busy = await inTime(bot.sessionEnded, 2 * LIFE_MS, () => 'the end of a busy session')
    const [atLeast, atMost] = [performance.now() - opened, performance.now() - began] // it began between the two
    expect(busy === 'time', `the busy session ended with ${busy}`)
    const isInTime = atMost >= LIFE_MS - LATE_MS_MAX && atLeast <= LIFE_MS + LATE_MS_MAX
    expect(isInTime, `it lived for ${Math.round(atLeast)} to ${Math.round(atMost)} ms`)

    async function type(): Promise<void> {
      let isOver = false
      void bot.sessionEnded.then(() => (isOver = true))
      while (!isOver) {
        bot.type('x')
        await pause(KEY_MS)
      }
    }
  },
}
