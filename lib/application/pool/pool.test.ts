import { expect, test } from 'vitest'

import { memoryAgent } from '#lib/adapters/memory/agent.ts'
import { digestOfHex } from '#lib/domain/digest.ts'
import type { Language } from '#lib/domain/language.ts'
import { python, world } from '../testing/world.ts'
import { arrivals } from './arrivals.ts'
import { poolTargets } from './targets.ts'
import { memoryClock } from '#lib/adapters/memory/clock.ts'

const MIB = 1024 * 1024
const kept = { kept: [python.id], poolBytes: 100 * MIB }

async function filled(options: Parameters<typeof world>[0] = kept) {
  const here = world(options)
  here.pool.start()
  await here.pass(1000)
  return here
}

test('a kept language has a prompt waiting, and a start takes it', async () => {
  const { open, pool, metrics } = await filled()
  expect(pool.ready(python.id)).toBe(1)

  expect((await open()).path).toBe('warm')
  expect(metrics.values.get('dragoman_pool_claims_total{hit}')).toBe(1)
})

test('as many of a kept language wait as is said, again after each start', async () => {
  const { open, pool, pass } = await filled({ ...kept, keptEach: 3 })
  expect(pool.ready(python.id)).toBe(3)

  await open()
  await pass(3000)
  expect(pool.ready(python.id)).toBe(3)
})

test('a member that was taken is replaced, by one that nobody used', async () => {
  const { open, pool, sandboxes, pass } = await filled()
  const { session } = await open()
  await pass(1000)

  expect(pool.ready(python.id)).toBeGreaterThanOrEqual(1)
  const claims = sandboxes.running().map((id) => sandboxes.agent(id).claims)
  expect(claims.filter((claim) => claim[0] === session.id)).toHaveLength(1)
  expect(claims.filter((claim) => claim.length === 0).length).toBe(pool.ready(python.id))
})

test('an empty pool is slower, never an error', async () => {
  const { open } = world()

  expect((await open()).path).toBe('cold')
})

test('two starts at once never get the same member', async () => {
  const { open } = await filled()
  const both = await Promise.all([open(), open()])

  expect(both.map(({ path }) => path).sort()).toEqual(['cold', 'warm'])
})

test('a plain member is given the language when it is claimed', async () => {
  const here = world({ plainMembers: 1, poolBytes: 100 * MIB })
  here.pool.start()
  await here.pass(1000)

  expect((await here.open()).path).toBe('plain')
})

test('with the database down the members of this process are still handed out', async () => {
  const { open, records, metrics } = await filled()
  records.fail(true)

  expect((await open()).path).toBe('warm')
  expect(metrics.values.get('dragoman_pool_lease_fallback_total{}')).toBe(1)
})

test('a member that came up while the database was down is handed out when it is back', async () => {
  const here = world(kept)
  here.records.fail(true)
  here.pool.start()
  await here.pass(1000)
  here.records.fail(false)

  expect((await here.open()).path).toBe('warm')
})

test('a member that the database leased in a call that failed is not lost', async () => {
  const { open, records } = await filled()
  const lease = records.lease
  records.lease = async (...ask) => {
    await lease(...ask)
    records.lease = lease
    throw new Error('Too late')
  }
  expect((await open()).path).toBe('warm')
})

test('a member that died while it waited is not handed out, and another takes its place', async () => {
  const { pool, sandboxes, pass, open } = await filled()
  const [dead] = sandboxes.running()
  sandboxes.agent(dead!).say('not a message')
  await pass(0)
  expect(sandboxes.running()).not.toContain(dead)
  await pass(5000)

  expect(pool.ready(python.id)).toBe(1)
  expect((await open()).path).toBe('warm')
})

test('a member whose sandbox is over is handed to nobody, though its agent has not heard of it', async () => {
  const { pool, sandboxes, pass, open } = await filled()
  const [over] = sandboxes.running()
  sandboxes.die(over!, { reason: 'lost' })
  await pass(0)
  expect(pool.ready(python.id)).toBe(0)
  await pass(5000)

  const { session, path } = await open()
  expect([path, session.sandbox === over]).toEqual(['warm', false])
})

test('members that do not answer a claim are passed over and end, and the start has another', async () => {
  let hangs = false
  const first = () => memoryAgent({ hangs: () => hangs })
  const agents = [first, first, first]
  const agent = () => (agents.pop() ?? memoryAgent)()
  const { pool, sandboxes, pass, open } = await filled({ ...kept, keptEach: 3, agent })
  const still = sandboxes.running()
  expect([still.length, pool.ready(python.id)]).toEqual([3, 3])
  hangs = true

  const opening = open()
  await pass(16_000)
  expect(still).not.toContain((await opening).session.sandbox)
  expect(sandboxes.running().filter((id) => still.includes(id))).toEqual([])
})

test('a member whose network canary got out never becomes one; the next try waits twice as long each time', async () => {
  const { pool, metrics, sandboxes, pass } = world({ ...kept, canary: 'open' })
  pool.start()
  await pass(1000)

  expect(pool.ready(python.id)).toBe(0)
  expect(sandboxes.running()).toEqual([])
  expect(metrics.values.get('dragoman_pool_probe_failures_total{python}')).toBe(1)
})

test('a page that is opened warms its language before the start', async () => {
  const { pool, pass, open } = world({ poolBytes: 100 * MIB })
  pool.meant(python.id)
  await pass(100)

  expect((await open()).path).toBe('warm')
})

test('a stopped pool leaves nothing', async () => {
  const { pool, sandboxes } = await filled()
  await pool.stop()

  expect(sandboxes.running()).toEqual([])
})

const onImage = (hex: string): Language => ({
  ...python,
  foundation: { lang: python.id, image: digestOfHex(hex.repeat(64)), agent: '1.0.0' },
})

test('a language on an image takes no plain member, which stands on the machine', async () => {
  const here = world({ plainMembers: 1, poolBytes: 100 * MIB, languages: () => [onImage('a')] })
  here.pool.start()
  await here.pass(1000)

  expect((await here.open({ language: onImage('a') })).path).toBe('cold')
  const foundations = here.sandboxes.running().map((id) => here.sandboxes.needs(id)?.foundation)
  expect(foundations).toEqual([undefined, onImage('a').foundation])
})

test('a member of an old image is never handed out for the new one, and goes; a session on it stays', async () => {
  let language = onImage('a')
  const here = world({ ...kept, languages: () => [language] })
  here.pool.start()
  await here.pass(1000)
  const { session } = await here.open({ language })
  await here.pass(1000)
  const images = () => here.sandboxes.running().map((id) => here.sandboxes.needs(id)?.foundation?.image)
  expect(images()).toEqual([onImage('a'), onImage('a')].map(({ foundation }) => foundation?.image))

  language = onImage('b')
  expect((await here.open({ language })).path).toBe('cold')
  here.pool.changed()
  await here.pass(1000)
  expect(session.state).not.toBe('ended')
  expect(images().filter((image) => image === onImage('a').foundation?.image)).toHaveLength(1)
  expect((await here.open({ language })).path).toBe('warm')
})

const BUDGET = { refillSeconds: 0.5, memberBytes: 10 * MIB, memoryBytes: 100 * MIB, membersPerLanguageMax: 4 }

test.each([
  ['nothing for a language nobody starts', [{ id: 'a', perSecond: 0, floor: 0 }], {}],
  ['the floor whatever the demand, among all', [{ id: 'a', perSecond: 0, floor: 1 }], { a: { floor: 1, own: 0 } }],
  ['rate times refill times two, rounded up, by each', [{ id: 'a', perSecond: 2.5, floor: 0 }], { a: { floor: 0, own: 3 } }],
  ['never more than the limit of one language', [{ id: 'a', perSecond: 99, floor: 9 }], { a: { floor: 4, own: 4 } }],
])('targets: %s', (_, demands, expected) => {
  expect(Object.fromEntries(poolTargets(demands, BUDGET))).toEqual(expected)
})

test('targets: the memory budget is spent on floors first, then on the busiest', () => {
  const demands = [
    { id: 'busy', perSecond: 9, floor: 0 },
    { id: 'kept', perSecond: 0, floor: 1 },
    { id: 'busier', perSecond: 10, floor: 0 },
  ]

  expect(Object.fromEntries(poolTargets(demands, { ...BUDGET, memoryBytes: 60 * MIB }))).toEqual({
    ...{ kept: { floor: 1, own: 0 }, busier: { floor: 0, own: 4 }, busy: { floor: 0, own: 1 } },
  })
})

test('a steady rate of starts is found within a few half-lives, and forgotten after', () => {
  const clock = memoryClock()
  const seen = arrivals(clock)
  for (let n = 0; n < 600; n++) {
    seen.started('python')
    clock.advance(1000)
  }
  expect(seen.perSecond('python')).toBeCloseTo(1, 1)
  clock.advance(600_000)
  expect(seen.perSecond('python')).toBeLessThan(0.01)
})
