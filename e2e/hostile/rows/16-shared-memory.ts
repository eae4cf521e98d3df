/**
 * Memory that belongs to no process: System V segments, POSIX queues, files without a name. It outlives the program that
 * made it. Expected: it is charged to the session as all memory is, more than the limit kills, and none of it is left on
 * the host when the session is over (the ledger looks).
 */
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Attack } from '../attack.ts'
import { MEMORY } from '../box.ts'
import { c, sh } from '../programs.ts'

const MIB = 1024 * 1024
/** What the program fills without and with its argument; the second is above the limit. */
const FILLED_BYTES = 200 * MIB

export const attack: Attack = {
  number: 16,
  what: 'memfd_create, System V shared memory, POSIX message queues',
  expected: 'charged to the session, killed above the limit, nothing left afterwards',
  quick: false,
  needs: ['gcc'],
  async act(actor, { expect, box: look }) {
    const box = await look(actor)
    box.assertLimits(DEFAULT_LIMITS)

    const before = box.count(...MEMORY)
    await actor.begin(c('shared-memory'))
    await actor.saw('= filled: done')
    const held = box.count(...MEMORY) - before
    expect(held >= FILLED_BYTES && held <= DEFAULT_LIMITS.memoryBytes, `${held} bytes were charged`)
    await actor.stop()

    const { ending } = await actor.run(c('shared-memory', 'more'))
    expect(ending?.reason === 'memory', `more than the limit ended with ${JSON.stringify(ending)}`)
    const most = box.count(...MEMORY)
    expect(most <= DEFAULT_LIMITS.memoryBytes, `${most} bytes are charged now`)
    // What stays of the segments is the session's own loss: it may have no room left to go on.
    await actor.run(sh('ipcs -m | head -n 20')).catch(() => undefined)
  },
}
