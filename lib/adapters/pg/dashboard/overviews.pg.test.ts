import { afterAll, beforeAll, expect, test } from 'vitest'

import { systemRandom } from '#lib/adapters/system/time.ts'
import { promote } from '#lib/application/deployments/promote.ts'
import { AGENT, BASE, buildThrough, digestOf, newInputs, newRequest } from '#lib/application/testing/builds.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import type { OverviewQuery } from '#lib/domain/overview-query.ts'
import { pgArtifacts } from '../artifacts.ts'
import { pgBuildQueue } from '../build-queue.ts'
import { pgDeployments } from '../deployments.ts'
import { workshopDatabase } from '../world.contract.ts'
import { pgOverviews } from './overviews.ts'

const PLAIN: OverviewQuery = { words: '', sort: 'name', isDown: false }

let world: Awaited<ReturnType<typeof workshopDatabase>>
beforeAll(async () => {
  world = await workshopDatabase()
})
afterAll(() => world.end())

function language() {
  const queue = pgBuildQueue(world.database)
  const overviews = pgOverviews(world.database)
  const { lang } = newInputs()
  const known = [{ id: lang, name: 'Ada' }]
  const deploy = { deployments: pgDeployments(world.database), random: systemRandom }
  return {
    ...{ lang, queue, overviews },
    build: (results?: Parameters<typeof buildThrough>[2], base = BASE.digest) =>
      buildThrough(queue, newInputs({ lang, base }), results),
    promote: (force: readonly 'run'[] = []) => promote(deploy, { lang, which: 'newest', by: 'ada', force }),
    shown: async (query: Partial<OverviewQuery> = {}) =>
      (await overviews.languages({ ...PLAIN, ...query }, known, [lang])).languages[0],
  }
}

test('a language that was never built is there by its name; built it shows its newest image, promoted what is live', async () => {
  const { lang, build, promote, shown } = language()
  expect(await shown()).toMatchObject({ lang, name: 'Ada', image: undefined, checks: {}, openBuilds: 0, needs: ['untested'] })

  await build({ run: 'ok', lsp: 'skipped' })
  const built = await shown()
  expect(built).toMatchObject({ live: undefined, version: '1', imageBytes: 10, agent: AGENT, base: { digest: BASE.digest } })
  expect(built).toMatchObject({ checks: { run: 'ok', lsp: 'skipped' }, ended: { outcome: 'ok' }, needs: [] })

  await promote()
  const bad = await build({ run: 'failed' })
  expect(await shown()).toMatchObject({
    ...{ live: { number: 1, by: 'ada' }, image: built?.image, checks: { run: 'ok' } },
    ...{ ended: { id: bad, outcome: 'failed' }, needs: ['failing'] },
  })
})

test('what needs attention is found by each of its reasons, and counted whatever was asked', async () => {
  const { lang, overviews, build, promote, shown } = language()
  await build()
  await promote()
  expect(await shown({ needs: 'any' })).toBeUndefined()
  const newer = { ...BASE, digest: digestOf('newer'), facts: { distribution: 'debian', release: '14' } }
  await pgArtifacts(world.database).record(newer)
  await world.query(`UPDATE artifact SET created_at = now() + interval '1 minute' WHERE digest = $1`, [newer.digest])
  await world.query(`UPDATE artifact SET created_at = now() - interval '91 days' WHERE kind = 'image' AND lang = $1`, [lang])

  for (const needs of ['any', 'old-base', 'stale'] as const)
    expect((await shown({ needs }))?.needs).toEqual(['old-base', 'stale'])
  for (const needs of ['failing', 'untested'] as const) expect(await shown({ needs })).toBeUndefined()
  const { counts } = await overviews.languages({ ...PLAIN, words: 'nothing is called so' }, [], [lang])
  expect(counts).toEqual({ all: 1, any: 1, failing: 0, untested: 0, 'old-base': 1, stale: 1 })
  await world.query('DELETE FROM artifact WHERE digest = $1', [newer.digest])
})

test('languages are found by words and sorted by the database, what lacks the value last', async () => {
  const [small, large, unbuilt] = [language(), language(), language()]
  for (const each of [small, large]) await each.build()
  await world.query(`UPDATE artifact SET size = 99 WHERE kind = 'image' AND lang = $1`, [large.lang])
  const only = [small.lang, large.lang, unbuilt.lang]
  const known = [{ id: unbuilt.lang, name: 'Zeta 100% _' }]
  const ids = async (query: Partial<OverviewQuery>) =>
    (await small.overviews.languages({ ...PLAIN, ...query }, known, only)).languages.map(({ lang }) => lang)

  expect(await ids({ sort: 'size', isDown: true })).toEqual([large.lang, small.lang, unbuilt.lang])
  expect(await ids({ sort: 'size', isDown: false })).toEqual([small.lang, large.lang, unbuilt.lang])
  expect(await ids({ words: '100% _' })).toEqual([unbuilt.lang])
  expect(await ids({ words: small.lang.toUpperCase() })).toEqual([small.lang])
  expect(await ids({ words: '%' })).toEqual([unbuilt.lang])
})

test('every sort is one that the database understands', async () => {
  const { shown, lang } = language()
  for (const sort of ['name', 'version', 'base', 'agent', 'size', 'built', 'builds'] as const)
    expect(await shown({ sort, isDown: true })).toMatchObject({ lang })
})

test('pages of builds follow one another without a gap or a repeat, also where several came at once', async () => {
  const { lang, overviews, build } = language()
  const built: BuildId[] = []
  for (let n = 0; n < 5; n++) built.push(await build())
  await world.query(`UPDATE build SET requested_at = '2020-01-01' WHERE id = ANY ($1)`, [built.slice(0, 3)])
  const walked: BuildId[] = []
  for (let last: { at: Date; id: BuildId } | undefined, n = 0; n < 4; n++) {
    const page = await overviews.builds({ lang, ...(last && { below: last }) }, 2)
    walked.push(...page.map(({ id }) => id))
    const end = page.at(-1)
    if (end) last = { at: end.requestedAt, id: end.id }
  }
  expect(walked.toSorted()).toEqual(built.toSorted())
  expect(walked.slice(0, 2)).toEqual(built.slice(3).toReversed())
})

test('builds are found by how they ended, by being open, and by their ids', async () => {
  const { lang, overviews, queue, build } = language()
  const good = await build()
  const bad = await build({ run: 'failed' })
  const open = newRequest({ inputs: { lang } })
  await queue.request(open)
  const ids = async (...asked: Parameters<typeof overviews.builds>) => (await overviews.builds(...asked)).map(({ id }) => id)
  expect(await ids({ lang, state: 'open' }, 9)).toEqual([open.id])
  expect(await ids({ lang, state: 'failed' }, 9)).toEqual([bad])
  expect((await ids({}, 9, [good, bad])).toSorted()).toEqual([good, bad].toSorted())
  await queue.cancel(open.id, 'ada')
})

test('a build is told with its attempts, what it was made of, what it made and how its checks came out', async () => {
  const { lang, overviews, build } = language()
  const bad = await build({ run: 'ok', repl: 'failed' })
  const detail = await overviews.build(bad)
  expect(detail).toMatchObject({ lang, outcome: 'failed', reason: 'repl failed', inputs: { base: BASE.digest, agent: AGENT } })
  expect(detail?.attempts.map(({ step, number, outcome }) => [step, number, outcome])).toEqual([
    ['package', 1, 'ok'],
    ['image', 1, 'ok'],
    ['test', 1, 'failed'],
  ])
  expect(detail?.made.map(({ step, bytes }) => [step, bytes])).toEqual([
    ['package', 10],
    ['image', 10],
  ])
  expect(detail?.results).toEqual([
    { check: 'run', outcome: 'ok', ms: 1 },
    { check: 'repl', outcome: 'failed', ms: 1, why: 'because' },
  ])
  expect(await overviews.build('b0000000000000000' as BuildId)).toBeUndefined()
})

test('a check that both passed and failed on the same combination is flaky', async () => {
  const { lang, overviews, build } = language()
  const first = await build({ run: 'ok', repl: 'ok' })
  await build({ run: 'ok', repl: 'failed' })
  const [row] = await world.query<{ combination: string }>(`SELECT combination FROM test_run WHERE build = $1 LIMIT 1`, [first])
  await world.query(
    `UPDATE test_run SET combination = $1 WHERE build IN (SELECT id FROM build WHERE lang = $2) AND combination <> $1`,
    [row?.combination, lang],
  )
  expect(await overviews.checks(lang)).toMatchObject([
    { check: 'run', runs: 2, passed: 2, repeated: 1, flaky: 0, latest: [{ outcome: 'ok' }, { outcome: 'ok' }] },
    { check: 'repl', runs: 2, passed: 1, repeated: 1, flaky: 1, latest: [{ outcome: 'failed' }, { outcome: 'ok' }] },
  ])
  expect(await overviews.checks('nolang' as LangId)).toEqual([])
})

test('the figures have a row for each build, day and hour', async () => {
  const { lang, overviews, queue, build } = language()
  const built = await build()
  expect(await overviews.buildFigures(lang, 5)).toMatchObject([
    { build: built, outcome: 'ok', imageBytes: 10, ms: expect.any(Number) },
  ])
  const days = await overviews.dayFigures(7)
  expect(days).toHaveLength(7)
  expect(days.at(-1)?.ok).toBeGreaterThan(0)
  const open = newRequest({ inputs: { lang } })
  await queue.request(open)
  await world.query(`UPDATE build SET requested_at = now() - interval '200 hours' WHERE id = $1`, [open.id])
  const hours = await overviews.queueFigures(24)
  expect(hours).toHaveLength(24)
  expect(hours.every((hour) => hour.open >= 1)).toBe(true)
  await queue.cancel(open.id, 'ada')
})

test('two deployments are told with what they are compared by; a base with who stands on it', async () => {
  const { lang, overviews, build, promote } = language()
  await build()
  await promote()
  await build()
  await promote()
  await world.query(`UPDATE artifact SET facts = facts || '{"packages": {"gcc": "14"}}' WHERE kind = 'image' AND lang = $1`, [
    lang,
  ])
  const both = await overviews.deployed(lang, [1, 2])
  expect(both.toSorted((a, b) => a.number - b.number)).toMatchObject([
    { number: 1, config: `id: ${lang}\n`, packages: { gcc: '14' } },
    { number: 2 },
  ])
  const [base] = (await overviews.bases()).filter(({ digest }) => digest === BASE.digest)
  expect(base).toMatchObject({ name: 'debian', bytes: 1 })
  expect(base?.languages).toContain(lang)
})

test('marks are others when a build moves, ends or is promoted, and else the same', async () => {
  const { lang, overviews, queue, promote } = language()
  const mine = async () => (await overviews.marks()).filter((mark) => mark.id === lang || ('lang' in mark && mark.lang === lang))
  const asked = newRequest({ inputs: { lang } })
  await queue.request(asked)
  const waiting = await mine()
  expect(waiting.map(({ kind }) => kind)).toEqual(['lang', 'build'])
  expect(await mine()).toEqual(waiting)
  const leased = await queue.lease('here', 1)
  expect((await mine())[1]).not.toEqual(waiting[1])
  expect((await mine())[0]).toEqual(waiting[0])
  if (leased) await queue.finish(leased, { outcome: 'failed', reason: 'it did' })
  const ended = await mine()
  expect(ended).toHaveLength(1)
  expect(ended[0]).not.toEqual(waiting[0])
  await buildThrough(queue, newInputs({ lang }))
  const built = await mine()
  await promote()
  expect(await mine()).not.toEqual(built)
})
