import { afterAll, beforeAll, expect, test, vi } from 'vitest'

import { memoryLog } from '#lib/adapters/memory/log.ts'
import { pgAnnouncements } from '#lib/adapters/pg/announcements.ts'
import { pgBuildLogs } from '#lib/adapters/pg/build-logs.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { workshopDatabase } from '#lib/adapters/pg/world.contract.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { newRequest, well } from '#lib/application/testing/builds.ts'
import type { Artifact } from '#lib/domain/artifact.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import type { StepRunner } from './run-attempt.ts'
import { runBuilder } from './run-builder.ts'
import { watchAttempts } from './watch-attempts.ts'

const PATIENCE = { timeout: 30_000, interval: 20 }

let database: Awaited<ReturnType<typeof workshopDatabase>>
let announcements: ReturnType<typeof pgAnnouncements>
beforeAll(async () => {
  database = await workshopDatabase()
  announcements = pgAnnouncements(database.database, { url: database.url, clock: systemClock, log: memoryLog() })
})
afterAll(async () => {
  await announcements.close()
  await database.end()
})

function world() {
  const queue = pgBuildQueue(database.database)
  const logs = pgBuildLogs(database.database)
  return {
    queue,
    start: (
      name: string,
      slots: number,
      run: StepRunner,
      isStored: (artifact: Artifact) => Promise<boolean> = async () => true,
    ) =>
      runBuilder(
        { queue, logs, announcements, clock: systemClock, log: memoryLog(), kept: () => undefined, run, isStored },
        name,
        slots,
      ),
    async request(count: number): Promise<BuildId[]> {
      const asked = Array.from({ length: count }, () => newRequest())
      await Promise.all(asked.map((request) => queue.request(request)))
      return asked.map(({ id }) => id)
    },
    outcomes: async (builds: readonly BuildId[]) => Promise.all(builds.map(async (id) => (await queue.find(id))?.outcome)),
    attempts: (builds: readonly BuildId[]) =>
      database.query<{ outcome: string; reason: string | null }>(
        'SELECT outcome, reason FROM build_attempt WHERE build = ANY($1) ORDER BY step, number',
        [builds],
      ),
  }
}

test('two builders share twelve builds, none has more at work than its slots, and each step is done once', async () => {
  const { start, request, outcomes, attempts } = world()
  const atWork: Record<string, number> = { one: 0, two: 0 }
  let most = 0
  const runner =
    (name: string): StepRunner =>
    async (leased) => {
      most = Math.max(most, (atWork[name] = (atWork[name] ?? 0) + 1))
      await new Promise(setImmediate)
      atWork[name]--
      return well(leased)
    }
  const builders = [await start('one', 2, runner('one')), await start('two', 2, runner('two'))]
  const builds = await request(12)
  await vi.waitFor(async () => expect(new Set(await outcomes(builds))).toEqual(new Set(['ok'])), PATIENCE)
  await Promise.all(builders.map((builder) => builder.stop()))
  expect(most).toBeLessThanOrEqual(2)
  expect(await attempts(builds)).toHaveLength(36)
})

test('a builder that is stopped leaves what it had to the next, and takes nothing more', async () => {
  const { start, request, outcomes, attempts } = world()
  const begun = Promise.withResolvers<void>()
  const first = await start('here', 1, (_, { signal }) => {
    begun.resolve()
    return new Promise((done) => signal.addEventListener('abort', () => done({ outcome: 'failed', reason: 'killed' })))
  })
  const builds = await request(1)
  await begun.promise
  await first.stop()
  expect(await attempts(builds)).toEqual([{ outcome: 'infra', reason: 'The builder was stopped' }])
  expect(await outcomes(builds)).toEqual([undefined])

  await database.query(`UPDATE build_step SET ready_at = now() WHERE state = 'ready'`)
  const second = await start('here', 1, async (leased) => well(leased))
  await vi.waitFor(async () => expect(await outcomes(builds)).toEqual(['ok']), PATIENCE)
  await second.stop()
})

test('a build is not called good before what it made was found where it was stored', async () => {
  const { start, request, outcomes, attempts } = world()
  let asked = 0
  const builder = await start(
    'here',
    1,
    async (leased) => well(leased),
    async () => ++asked > 1,
  )
  const builds = await request(1)
  await vi.waitFor(async () => {
    await database.query(`UPDATE build_step SET ready_at = now() WHERE state = 'ready'; NOTIFY dragoman_queue`)
    expect(await outcomes(builds)).toEqual(['ok'])
  }, PATIENCE)
  await builder.stop()
  expect((await attempts(builds)).map(({ outcome }) => outcome)).toEqual(['infra', 'ok', 'ok', 'ok'])
})

test('no time that is written down ends an attempt, however far a clock leaps', async () => {
  const { start, request, outcomes, queue } = world()
  const go = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const builder = await start('here', 1, async (leased) => {
    begun.resolve()
    await go.promise
    return well(leased)
  })
  const builds = await request(1)
  await begun.promise
  const watch = watchAttempts({ queue, clock: systemClock, log: memoryLog() })
  await watch.look()
  for (const leap of ['- interval $$1 day$$', '+ interval $$1 day$$']) {
    await database.query(`UPDATE build_attempt SET leased_at = now() ${leap} WHERE build = ANY($1)`, [builds])
    await database.query(`UPDATE build SET requested_at = now() ${leap} WHERE id = ANY($1)`, [builds])
    await watch.look()
  }
  watch.stop()
  go.resolve()
  await vi.waitFor(async () => expect(await outcomes(builds)).toEqual(['ok']), PATIENCE)
  await builder.stop()
})
