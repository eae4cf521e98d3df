import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { memoryMetrics } from '#lib/adapters/memory/log.ts'
import { memorySandboxes } from '#lib/adapters/memory/sandboxes.ts'
import { systemRandom } from '#lib/adapters/system/time.ts'

import { never, python } from '../testing/world.ts'
import { proveSandbox } from './prove-sandbox.ts'

function world(options: Parameters<typeof memorySandboxes>[0]) {
  const sandboxes = memorySandboxes(options)
  const deps = { sandboxes, clock: memoryClock(), metrics: memoryMetrics(), random: systemRandom }
  return { sandboxes, prove: () => proveSandbox(deps, python, false, never) }
}

test('a network that is open is the one thing said, and the sandbox is gone', async () => {
  const { prove, sandboxes } = world({ canary: 'open' })

  expect(await prove()).toEqual([{ name: 'network_policy', ok: false, detail: 'something was reached' }])
  expect(sandboxes.running()).toEqual([])
})

test('one that cannot be started counts as failed', async () => {
  const { prove } = world({ room: 0 })

  expect(await prove()).toEqual([{ name: 'a sandbox starts and obeys', ok: false, detail: 'no_room' }])
})

test('what programs do not show counts as failed, also where an open network is tolerated', async () => {
  const { prove, sandboxes } = world({ canary: 'open', isTolerated: true })
  const proofs = await prove()

  expect(proofs.length).toBeGreaterThan(0)
  expect(proofs.filter(({ name, ok }) => ok && name !== 'network_policy')).toEqual([])
  expect(sandboxes.running()).toEqual([])
})
