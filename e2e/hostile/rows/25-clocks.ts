/**
 * Turns every clock it can name, and its own zone, so that no limit would come; then sleeps past the limit. Expected: each
 * is refused, the host's clock goes on as before, and who does nothing is ended by the server's own steady clock.
 */
import type { Attack } from '../attack.ts'
import { errnoTable } from '../golden.ts'
import { sh } from '../programs.ts'
import { inTime } from '../until.ts'

const table = errnoTable('clocks')
/** The wall and the steady clock may differ by as much as somebody slews the host's meanwhile. */
const DRIFT_MS_MAX = 1000
/** As langs/idleshell.yaml sets it. */
const IDLE_MS = 6000
const ENDED_MS_MAX = 30_000

export const attack: Attack = {
  number: 25,
  what: 'settimeofday, adjtimex, namespaces and devices of clocks, TZ; then sleeping past the limit',
  expected: 'refused as the golden table has it; the host’s clock as it was; ended for "idle" in time',
  quick: true,
  needs: ['gcc'],
  async act(actor, scene) {
    const { expect, open } = scene
    const drift = () => Date.now() - performance.now()
    const before = drift()
    const sleeper = await open('idleshell')
    await sleeper.begin(sh('export TZ=UTC-14 SOURCE_DATE_EPOCH=0; date -s 2000-01-01 2>&-; echo sleeping; read -t 600 line'))
    await sleeper.saw('sleeping')
    const from = performance.now()

    await table(actor, scene)
    const reason = await inTime(sleeper.sessionEnded, ENDED_MS_MAX, () => 'the end of who sleeps')
    const ms = performance.now() - from
    expect(reason === 'idle' || reason === 'time', `who sleeps past the limit ended with ${reason}`)
    expect(ms >= IDLE_MS - DRIFT_MS_MAX, `it was ended after ${Math.round(ms)} ms, ${IDLE_MS} are allowed`)
    expect(Math.abs(drift() - before) <= DRIFT_MS_MAX, `the host's clock was turned by ${Math.round(drift() - before)} ms`)
  },
}
