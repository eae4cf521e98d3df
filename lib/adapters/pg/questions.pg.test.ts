import { afterAll, beforeAll, expect, test } from 'vitest'

import { systemRandom } from '#lib/adapters/system/time.ts'
import { promote } from '#lib/application/deployments/promote.ts'
import { rollback } from '#lib/application/deployments/rollback.ts'
import { AGENT, BASE, buildThrough, digestOf, newInputs, newRequest } from '#lib/application/testing/builds.ts'
import { pgArtifacts } from './artifacts.ts'
import { pgBuildQueue } from './build-queue.ts'
import { pgDeployments } from './deployments.ts'
import { pgQuestions } from './questions.ts'
import { workshopDatabase } from './world.contract.ts'

let world: Awaited<ReturnType<typeof workshopDatabase>>
beforeAll(async () => {
  world = await workshopDatabase()
})
afterAll(() => world.end())

function language() {
  const queue = pgBuildQueue(world.database)
  const deploy = { deployments: pgDeployments(world.database), random: systemRandom }
  const { lang } = newInputs()
  const questions = pgQuestions(world.database)
  const imageOf = async (build: string) =>
    (await world.query<{ artifact: string }>(`SELECT artifact FROM build_step WHERE build = $1 AND step = 'image'`, [build]))[0]
      ?.artifact
  return {
    lang,
    questions,
    async build(results?: Parameters<typeof buildThrough>[2], base = BASE.digest) {
      const inputs = newInputs({ lang, base })
      return { image: await imageOf(await buildThrough(queue, inputs, results)), config: inputs.config }
    },
    promote: () => promote(deploy, { lang, which: 'newest', by: 'ada', force: [] }),
    rollback: () => rollback(deploy, { lang, by: 'ada' }),
    built: (image: string | undefined, daysAgo: number) =>
      world.query('UPDATE artifact SET created_at = now() - $2 * interval $$1 day$$ WHERE digest = $1', [image, daysAgo]),
    stale: async (days: number) => (await questions.stale(days)).find((answer) => answer.lang === lang),
    onOldBase: async () => (await questions.onOldBase()).find((answer) => answer.lang === lang),
  }
}

test('stale is a language whose live image is old, however new the one that waits; or with nothing live', async () => {
  const { lang, build, promote, built, stale } = language()
  const first = await build()
  expect(await stale(90)).toEqual({ lang, newestBuiltAt: expect.any(Date) })
  await promote()
  expect(await stale(90)).toBeUndefined()
  await built(first.image, 91)
  expect(await stale(90)).toEqual({ lang, liveBuiltAt: expect.any(Date), newestBuiltAt: expect.any(Date) })
  expect(await stale(92)).toBeUndefined()
  await build()
  expect(await stale(90)).toMatchObject({ lang })
  await promote()
  expect(await stale(90)).toBeUndefined()
})

test('the config that compiled a language is that of what is live; before, of its newest image', async () => {
  const { lang, questions, build, promote, rollback, built } = language()
  expect(await questions.compiledBy(lang)).toBeUndefined()
  const first = await build()
  await built(first.image, 2)
  const text = `id: ${lang}\n`
  expect(await questions.compiledBy(lang)).toEqual({ lang, ...first, isLive: false, builtAt: expect.any(Date), text })
  await promote()
  const second = await build()
  expect(await questions.compiledBy(lang)).toMatchObject({ ...first, isLive: true })
  await promote()
  expect(await questions.compiledBy(lang)).toMatchObject(second)
  await rollback()
  expect(await questions.compiledBy(lang)).toMatchObject(first)
})

test('on an old base is who serves an image of another than the newest', async () => {
  const { lang, build, promote, onOldBase } = language()
  const first = await build()
  await promote()
  expect(await onOldBase()).toBeUndefined()
  const newer = { ...BASE, digest: digestOf('newer base'), facts: { distribution: 'debian', release: '13' } }
  await pgArtifacts(world.database).record(newer)
  expect(await onOldBase()).toEqual({
    lang,
    image: first.image,
    isLive: true,
    base: BASE.digest,
    baseMadeAt: expect.any(Date),
    distribution: 'debian',
  })
  await build({ run: 'ok' }, newer.digest)
  expect(await onOldBase()).toMatchObject({ image: first.image }) // built, but not live
  await promote()
  expect(await onOldBase()).toBeUndefined()
})

test('tested together is what passed all its checks by their newest results', async () => {
  const { lang, questions, build, promote } = language()
  const good = await build({ ensure: 'ok', run: 'ok', lsp: 'skipped' })
  await promote()
  await build({ run: 'ok', repl: 'failed' })
  const [only, ...others] = await questions.testedTogether(lang)
  expect(only).toEqual({
    id: expect.any(String),
    ...good,
    agent: AGENT,
    checks: ['ensure', 'run'],
    testedAt: expect.any(Date),
    isLive: true,
  })
  expect(others).toEqual([])

  await world.query(`UPDATE test_run SET outcome = 'failed', why = 'flaky' WHERE combination = $1 AND "check" = 'run'`, [
    only?.id,
  ])
  expect(await questions.testedTogether(lang)).toEqual([])
})

test('what came of builds is told with their checks, and not before they have ended', async () => {
  const queue = pgBuildQueue(world.database)
  const inputs = newInputs()
  const good = await buildThrough(queue, inputs, { run: 'ok', repl: 'skipped' })
  const bad = await buildThrough(queue, newInputs({ lang: inputs.lang }), { run: 'failed' })
  const going = newRequest()
  await queue.request(going)
  const found = await pgQuestions(world.database).cameOf([bad, going.id, good])
  await queue.cancel(going.id, 'ada')

  const both = { lang: inputs.lang, endedAt: expect.any(Date), base: 'debian', imageBytes: 10, version: '1' }
  expect(found.toSorted((a) => (a.build === good ? -1 : 1))).toEqual([
    {
      ...both,
      build: good,
      outcome: 'ok',
      results: [
        { check: 'run', outcome: 'ok' },
        { check: 'repl', outcome: 'skipped', why: 'because' },
      ],
    },
    {
      ...both,
      build: bad,
      outcome: 'failed',
      reason: 'run failed',
      results: [{ check: 'run', outcome: 'failed', why: 'because' }],
    },
  ])
})

test('what is live is told by how often somebody began with it, and what is not live is not', async () => {
  const [quiet, busy, unborn] = [language(), language(), language()]
  for (const each of [quiet, busy, unborn]) await each.build()
  for (const each of [quiet, busy]) await each.promote()
  const begun = (lang: string, id: string, daysAgo: number) =>
    world.query(
      `INSERT INTO session (id, lang, sandbox, sandbox_key, token_hash, epoch, started_at, life_ends_at)
       VALUES (repeat($2, 32), $1, 'sb' || repeat($2, 20), 'key', repeat($2, 64), 0, now() - $3 * interval '1 day', now())`,
      [lang, id, daysAgo],
    )
  await begun(busy.lang, 'a', 1)
  await begun(quiet.lang, 'b', 30)

  const used = await quiet.questions.mostUsed(14, 100)
  expect(used.find(({ lang }) => lang === busy.lang)).toEqual({
    ...{ lang: busy.lang, sessions: 1, agent: AGENT },
    image: expect.stringMatching(/^sha256:/),
  })
  expect(used[0]?.lang).toBe(busy.lang)
  expect(used.find(({ lang }) => lang === quiet.lang)).toMatchObject({ sessions: 0 })
  expect(used.some(({ lang }) => lang === unborn.lang)).toBe(false)
  expect(await quiet.questions.mostUsed(14, 1)).toHaveLength(1)
})
