import { duplexPair } from 'node:stream'

import { expect, test } from 'vitest'

import { memoryAgent } from '#lib/adapters/memory/agent.ts'

import { world } from '../testing/world.ts'
import { greet } from './warm-up.ts'

/** Greets an agent that finds this of its ids, in a sandbox that was asked for ids of its own. */
function greeted(uidMap?: string, ownIds = true) {
  const [ours, theirs] = duplexPair()
  memoryAgent(uidMap === undefined ? {} : { uidMap }).connect(theirs)
  return greet(world().deps, { key: 'ab'.repeat(32), ownIds, dial: async () => ours }, AbortSignal.timeout(5000))
}

test.each(['         0 1500000000          1', '0 65536 65536'])('ids of its own are what was asked for: %j', async (uidMap) => {
  const link = await greeted(uidMap)

  expect(link.isClosed()).toBe(false)
  link.close('done')
})

test.each(['         0          0 4294967295', '0 0 65536', undefined])(
  'a sandbox with the machine’s ids is not used: %j',
  async (uidMap) => {
    await expect(greeted(uidMap)).rejects.toThrow('user ids')
  },
)

test('where no others were asked for, they are right', async () => {
  const link = await greeted('0 0 4294967295', false)

  expect(link.isClosed()).toBe(false)
  link.close('done')
})
