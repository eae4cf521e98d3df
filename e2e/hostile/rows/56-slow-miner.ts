/**
 * Computes for minutes, prints nothing and wants nothing: the shape of a miner, and of an honest search. Beside it stands a
 * prompt that nobody types at. Expected: the operator is told of the one within five minutes, not of the other, and
 * neither is ended for it.
 */
import { LOOK_MS, LOOKS } from '#lib/application/sessions/busy-watch.ts'

import type { Attack } from '../attack.ts'
import { sh } from '../programs.ts'
import { becomes } from '../until.ts'

/** One look more than are needed, since the first only takes the measure. */
const TOLD_MS_MAX = (LOOKS + 1) * LOOK_MS + 15_000

export const attack: Attack = {
  number: 56,
  what: 'Computes for minutes and says nothing',
  expected: 'the metric of busy sessions counts it, and it alone, within five minutes; it goes on',
  quick: false,
  msMax: 2 * TOLD_MS_MAX,
  async act(actor, { expect, open, server }) {
    const honest = await open()
    const busy = async () =>
      Number(/^dragoman_sessions_busy (\d+)$/m.exec(await (await fetch(`${server.url}/metrics`)).text())?.[1])
    const job = await actor.begin(sh('echo started; while :; do :; done'))
    await actor.saw('started')

    expect(await becomes(async () => (await busy()) > 0, TOLD_MS_MAX), 'nobody was told')
    expect((await busy()) === 1, `${await busy()} sessions were told of`)
    await actor.stop()
    expect((await actor.ended(job))?.reason === 'stopped', 'it had been ended already')
    const { output } = await honest.run(sh('echo still $((6 * 7))'))
    expect(output.includes('still 42'), 'the session beside it was of no more use')
  },
}
