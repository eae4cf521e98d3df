import { afterAll, beforeAll, expect, test } from 'vitest'

import { memoryLog } from '#lib/adapters/memory/log.ts'
import { systemClock, systemRandom } from '#lib/adapters/system/time.ts'
import { promote, type Promotion } from '#lib/application/deployments/promote.ts'
import { rollback } from '#lib/application/deployments/rollback.ts'
import { buildThrough, digestOf, newInputs } from '#lib/application/testing/builds.ts'
import type { Check } from '#lib/domain/language.ts'
import { pgAnnouncements } from './announcements.ts'
import { pgBuildQueue } from './build-queue.ts'
import { cutCommits } from './cut-commit.contract.ts'
import { openDatabase } from './database.ts'
import { pgDeployments } from './deployments.ts'
import { workshopDatabase } from './world.contract.ts'

const PATIENCE = { timeout: 20_000 }

let world: Awaited<ReturnType<typeof workshopDatabase>>
beforeAll(async () => {
  world = await workshopDatabase()
})
afterAll(() => world.end())

/** A language of its own, whose builds come out as told. */
function language() {
  const queue = pgBuildQueue(world.database)
  const deployments = pgDeployments(world.database)
  const { lang } = newInputs()
  const deploy = { deployments, random: systemRandom }
  return {
    lang,
    deployments,
    build: (results?: Parameters<typeof buildThrough>[2]) => buildThrough(queue, newInputs({ lang }), results),
    promote: (rest: Partial<Promotion> = {}) => promote(deploy, { lang, which: 'newest', by: 'ada', force: [], ...rest }),
    rollback: (to?: number) => rollback(deploy, { lang, by: 'bob', ...(to !== undefined && { to }) }),
    /** Which build is live, and by which kind of deployment, the newest first. */
    async history() {
      return (await deployments.history(lang, 100)).map(({ number, kind, restores }) => ({ number, kind, restores }))
    },
    liveId: async () => (await deployments.history(lang, 1))[0]?.id,
    audit: () =>
      world.query<{ actor: string; action: string; facts: object }>(
        'SELECT actor, action, facts FROM audit_event WHERE subject = $1 ORDER BY at, facts',
        [lang],
      ),
  }
}

test('the first promotion makes the newest tested combination live, and asking again changes nothing', async () => {
  const { build, promote, history, audit, liveId } = language()
  expect(await promote()).toEqual({ ok: false, error: { code: 'not_tested' } })
  await build({ ensure: 'ok', run: 'ok', format: 'skipped' })
  const first = await promote()
  expect(first).toMatchObject({ ok: true, value: { number: 1, changed: true, forced: [] } })
  expect(await promote()).toMatchObject({ ok: true, value: { number: 1, changed: false } })
  expect(await history()).toEqual([{ number: 1, kind: 'promote', restores: undefined }])
  expect(await audit()).toEqual([{ actor: 'ada', action: 'promote', facts: { number: 1, combination: await liveId() } }])
})

test('what each language serves is told with its image, config and agent, and every deployment is announced', async () => {
  const [one, other] = [language(), language()]
  await one.build()
  const { deployments } = one
  const of = async (lang: string) => (await deployments.live()).find((live) => live.lang === lang)
  expect(await of(one.lang)).toBeUndefined()

  const log = memoryLog()
  const announcements = pgAnnouncements(world.database, { url: world.url, clock: systemClock, log })
  let heard = 0
  const stopHearing = announcements.on('deployment', () => heard++)
  await expect.poll(() => heard, PATIENCE).toBe(1) // everybody looks once when they begin to listen
  await one.promote()
  await expect.poll(() => heard, PATIENCE).toBe(2)
  const live = await of(one.lang)
  const [first] = await deployments.history(one.lang, 1)
  expect(live).toEqual({ lang: one.lang, number: 1, id: first?.id, ...first?.combination })
  expect(await deployments.config(live?.config ?? first!.id)).toBe(`id: ${one.lang}\n`)
  expect(await deployments.config(first!.id)).toBeUndefined()

  await one.build()
  await one.promote()
  expect(await of(one.lang)).toMatchObject({ number: 2 })
  await one.rollback()
  expect(await of(one.lang)).toEqual({ ...live, number: 3 })
  await expect.poll(() => heard, PATIENCE).toBe(4)
  expect(await of(other.lang)).toBeUndefined()
  stopHearing()
  await announcements.close()
})

test('a regression is refused check by check, and let through only by its own name', async () => {
  const { build, promote, history, audit } = language()
  await build({ run: 'ok', repl: 'ok', format: 'ok', lsp: 'failed' })
  expect(await promote()).toMatchObject({ ok: false, error: { code: 'not_tested' } }) // no build went well
  await build({ run: 'ok', repl: 'ok', format: 'ok' })
  await promote()

  const worse = await build({ run: 'ok', format: 'failed' })
  const lost = [
    { check: 'repl', was: 'ok', is: 'untested' },
    { check: 'format', was: 'ok', is: 'failed' },
  ]
  const force = (...checks: Check[]) => promote({ which: { build: worse }, force: checks })
  expect(await force()).toEqual({ ok: false, error: { code: 'regression', regressions: lost } })
  expect(await force('format', 'lsp')).toEqual({ ok: false, error: { code: 'regression', regressions: [lost[0]] } })
  expect(await history()).toHaveLength(1)
  expect(await force('format', 'repl')).toMatchObject({ ok: true, value: { number: 2, forced: ['repl', 'format'] } })
  expect((await audit()).at(-1)).toMatchObject({ facts: { number: 2, forced: ['repl', 'format'] } })
})

test('what failed before may fail again, and what is only tested now does not count', async () => {
  const { build, promote } = language()
  const first = await build({ run: 'ok', lsp: 'failed' })
  expect(await promote({ which: { build: first } })).toMatchObject({ ok: false, error: { code: 'regression' } }) // nothing is live yet
  expect(await promote({ which: { build: first }, force: ['lsp'] })).toMatchObject({ ok: true })
  const second = await build({ run: 'ok', lsp: 'failed', scope: 'failed' })
  expect(await promote({ which: { build: second } })).toMatchObject({ ok: true, value: { number: 2, forced: [] } })
})

test('rolling back twice goes back two, to what was live then, and forward again by promoting', async () => {
  const { build, promote, rollback, history, liveId } = language()
  const ids: unknown[] = []
  for (let i = 0; i < 3; i++) {
    await build()
    await promote()
    ids.push(await liveId())
  }
  expect(await rollback()).toMatchObject({ ok: true, value: { number: 4, id: ids[1] } })
  expect(await rollback()).toMatchObject({ ok: true, value: { number: 5, id: ids[0] } })
  expect(await rollback()).toEqual({ ok: false, error: { code: 'nothing_before' } })
  expect(await promote()).toMatchObject({ ok: true, value: { number: 6, id: ids[2] } })
  expect(await rollback(4)).toMatchObject({ ok: true, value: { number: 7, id: ids[1] } })
  expect((await history()).slice(0, 4)).toEqual([
    { number: 7, kind: 'rollback', restores: 2 },
    { number: 6, kind: 'promote', restores: undefined },
    { number: 5, kind: 'rollback', restores: 1 },
    { number: 4, kind: 'rollback', restores: 2 },
  ])
  expect(await rollback(99)).toEqual({ ok: false, error: { code: 'nothing_before' } })
})

test('of twenty promotions at once one deploys; every other is told, and each change has its audit row', async () => {
  const { build, promote, history, audit } = language()
  const builds = [await build(), await build()]
  const all = await Promise.all(Array.from({ length: 20 }, (_, i) => promote({ which: { build: builds[i % 2]! } })))
  const deployed = all.filter((one) => one.ok && one.value.changed)
  expect(deployed.length).toBeGreaterThanOrEqual(1)
  for (const one of all) if (!one.ok) expect(one.error).toEqual({ code: 'live_changed' })
  expect(await history()).toHaveLength(deployed.length)
  expect(await audit()).toHaveLength(deployed.length)
})

test('a promotion whose commit was not answered is one promotion', async () => {
  const { lang, build, history, audit } = language()
  await build()
  const way = await cutCommits(world.url)
  const database = openDatabase({ url: way.url, timeoutMs: 10_000 })
  const again = () =>
    promote({ deployments: pgDeployments(database), random: systemRandom }, { lang, which: 'newest', by: 'ada', force: [] })
  try {
    way.cutNext()
    await expect(again()).rejects.toThrow()
    expect(await again()).toMatchObject({ ok: true, value: { number: 1, changed: false } })
    expect(way.cuts()).toBe(1)
  } finally {
    await database.close()
    way.close()
  }
  expect(await history()).toHaveLength(1)
  expect(await audit()).toHaveLength(1)
})

test("history and audit cannot be altered, nor a deployment be of another language's combination", async () => {
  const [one, other] = [language(), language()]
  await one.build()
  await one.promote()
  for (const sql of [
    'UPDATE deployment SET by = NULL',
    'DELETE FROM deployment',
    'DELETE FROM audit_event',
    `UPDATE audit_event SET actor = 'eve'`,
  ]) {
    await expect(world.query(sql)).rejects.toThrow('are never altered')
  }
  await other.build()
  const id = (await one.liveId()) ?? digestOf('none')
  const theirs = { lang: other.lang, number: 1, id, kind: 'promote', restores: undefined, by: 'eve', forced: [] } as const
  await expect(one.deployments.add(theirs, systemRandom.hex(16))).rejects.toThrow('deployment_lang_combination_fkey')
})

test('the status of a language says what is live, what was tested and what was built last', async () => {
  const { lang, build, promote, deployments, liveId } = language()
  await build()
  await promote()
  const live = await liveId()
  const better = await build()
  const worse = await build({ run: 'failed' })
  const [status] = await deployments.status([lang])
  const newest = await deployments.tested(lang, { build: better })
  expect(status).toMatchObject({
    lang,
    live: { number: 1, id: live, by: 'ada' },
    newest: newest?.id,
    build: { id: worse, outcome: 'failed' },
  })
  expect((await deployments.status()).map((status) => status.lang)).toContain(lang)
})
