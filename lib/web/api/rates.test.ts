import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { RATES, rates } from './rates.ts'

function world() {
  const clock = memoryClock()
  return { clock, ask: rates(clock) }
}
const spend = (ask: ReturnType<typeof rates>, asker = 'ada') => {
  for (let n = 0; n < RATES.write; n++) ask(asker, 'write')
}

test('a minute holds so many, then one more as soon as there is room for one', () => {
  const { clock, ask } = world()
  expect(ask('ada', 'write')).toMatchObject({ isSpent: false, limit: RATES.write, remaining: RATES.write - 1 })
  spend(ask)

  const refused = ask('ada', 'write')
  expect(refused).toMatchObject({ isSpent: true, remaining: 0 })
  expect(refused.resetMs).toBeCloseTo(60_000 / RATES.write)
  clock.advance(refused.resetMs)
  expect(ask('ada', 'write').isSpent).toBe(false)
  expect(ask('ada', 'write').isSpent).toBe(true)
})

test("who writes too much still reads, and is nobody else's trouble", () => {
  const { ask } = world()
  spend(ask)
  expect(ask('ada', 'read').isSpent).toBe(false)
  expect(ask('eve', 'write').isSpent).toBe(false)
})

test('of many askers the one not seen for longest is forgotten', () => {
  const { ask } = world()
  spend(ask, 'first')
  for (let n = 0; n < 10_000; n++) ask(`asker ${n}`, 'write')
  expect(ask('first', 'write')).toMatchObject({ isSpent: false, remaining: RATES.write - 1 })
})
