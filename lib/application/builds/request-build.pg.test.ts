import { afterAll, beforeAll, expect, test } from 'vitest'

import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { workshopDatabase } from '#lib/adapters/pg/world.contract.ts'
import { systemRandom } from '#lib/adapters/system/time.ts'
import { AGENT, BASE, buildThrough, digestOf, newBuildId, newInputs } from '#lib/application/testing/builds.ts'
import { PRIORITIES } from '#lib/domain/build.ts'
import { type BuildAsk, requestBuild, retryBuild } from './request-build.ts'

let database: Awaited<ReturnType<typeof workshopDatabase>>
beforeAll(async () => {
  database = await workshopDatabase()
})
afterAll(() => database.end())

function world() {
  const queue = pgBuildQueue(database.database)
  const builds = { queue, artifacts: pgArtifacts(database.database), random: systemRandom }
  const { lang } = newInputs()
  const plain = {
    lang,
    configText: `id: ${lang}\n`,
    from: 'package',
    agent: AGENT,
    by: 'ada',
    priority: PRIORITIES.person,
  } as const
  return {
    ...{ queue, lang },
    ask: (rest: Partial<BuildAsk> = {}) => requestBuild(builds, { ...plain, ...rest }),
    retry: (build = newBuildId(), by = 'ada') => retryBuild(builds, { build, by, priority: PRIORITIES.person }),
    /** Lets the build that is ready fail. */
    async fail() {
      const leased = await queue.lease(`builder of ${lang}`, 1)
      if (!leased) throw new Error('Nothing was ready')
      await queue.finish(leased, { outcome: 'failed', reason: 'a bug' })
    },
  }
}

test('a build is asked for with the text of its config, on the newest base, and the same again is the same', async () => {
  const { ask, queue, lang } = world()
  const first = await ask()
  if (!first.ok) throw new Error(first.error.code)
  expect(await queue.find(first.value.build)).toMatchObject({
    lang,
    by: 'ada',
    config: digestOf(`id: ${lang}\n`),
    inputs: { base: BASE.digest, agent: AGENT, from: 'package' },
  })
  expect(await ask({ by: 'bob' })).toEqual({ ok: true, value: { build: first.value.build, how: 'attached' } })
  expect(await ask({ refresh: 'today' })).toMatchObject({ ok: true, value: { how: 'new' } })
  for (const { id } of await queue.list({ lang, live: true, max: 9 })) await queue.cancel(id, 'ada')
})

test('a build from a later step starts from what was made last, and is refused when nothing was', async () => {
  const { ask, queue, lang } = world()
  for (const [from, missing] of [
    ['image', 'package'],
    ['test', 'image'],
  ] as const) {
    expect(await ask({ from })).toEqual({ ok: false, error: { code: 'nothing_to_start_from', missing } })
  }
  const built = await buildThrough(queue, newInputs({ lang }))
  const steps = (await queue.find(built))?.steps
  const later = await ask({ from: 'test' })
  if (!later.ok) throw new Error(later.error.code)
  expect((await queue.find(later.value.build))?.inputs).toMatchObject({ image: steps?.[1]?.artifact })
  await queue.cancel(later.value.build, 'ada')
  expect(await ask({ agent: '0.0.0' })).toEqual({ ok: false, error: { code: 'unknown_input', input: 'agent' } })
})

test('a build that did not go well is retried with its own inputs, once at a time, and after that the retry is', async () => {
  const { ask, retry, fail, queue } = world()
  const first = await ask()
  if (!first.ok) throw new Error(first.error.code)
  const { build } = first.value
  expect(await retry(build)).toEqual({ ok: false, error: { code: 'still_at_work' } })
  await fail()
  const again = await Promise.all(Array.from({ length: 10 }, () => retry(build)))
  const retries = new Set(again.map((one) => (one.ok ? one.value.build : one.error.code)))
  expect(retries.size).toBe(1)
  const [second = build] = [...retries] as (typeof build)[]
  expect((await queue.find(second))?.inputs).toEqual((await queue.find(build))?.inputs)

  await fail()
  const third = await retry(build)
  expect(third).toMatchObject({ ok: true, value: { how: 'new' } })
  await queue.cancel(third.ok ? third.value.build : build, 'ada')
  expect(await retry()).toEqual({ ok: false, error: { code: 'no_such_build' } })
})

test('what went well is not retried', async () => {
  const { retry, queue, lang } = world()
  const built = await buildThrough(queue, newInputs({ lang }))
  expect(await retry(built)).toEqual({ ok: false, error: { code: 'went_well' } })
})
