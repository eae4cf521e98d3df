import { afterAll, beforeAll, expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { pgBuildLogs } from '#lib/adapters/pg/build-logs.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { workshopDatabase } from '#lib/adapters/pg/world.contract.ts'
import { prometheusMetrics } from '#lib/adapters/prometheus/metrics.ts'
import { newRequest, well } from '#lib/application/testing/builds.ts'
import { meteredBuilds } from './metered-builds.ts'

let world: Awaited<ReturnType<typeof workshopDatabase>>
beforeAll(async () => {
  world = await workshopDatabase()
})
afterAll(() => world.end())

test('tries that failed are counted beside a build that went well in the end, also those whose worker was lost', async () => {
  const metrics = prometheusMetrics()
  const parts = { queue: pgBuildQueue(world.database), logs: pgBuildLogs(world.database) }
  const { queue } = meteredBuilds(parts, { metrics, clock: memoryClock() })
  const counted = async () => {
    const lines = (await metrics.text()).split('\n')
    return lines
      .filter((line) => /^dragoman_(builds|build_attempts)_total\{/.test(line))
      .map((line) => line.slice('dragoman_'.length))
  }
  const lease = async () => {
    await world.query(`UPDATE build_step SET ready_at = now() WHERE state = 'ready'`)
    const leased = await queue.lease('here', 1)
    if (!leased) throw new Error('Nothing was ready')
    return leased
  }
  await queue.request(newRequest())
  await queue.finish(await lease(), { outcome: 'infra', reason: 'the network' })
  await lease()
  for (const live of await queue.live()) {
    await queue.lose(live, 'nothing was heard of it')
    await queue.lose(live, 'and again') // by another server: it is told once
  }
  for (const _ of ['package', 'image', 'test']) {
    const leased = await lease()
    await queue.finish(leased, well(leased))
  }
  expect(await counted()).toEqual([
    'builds_total{outcome="ok"} 1',
    'build_attempts_total{step="package",outcome="infra"} 2',
    'build_attempts_total{step="package",outcome="ok"} 1',
    'build_attempts_total{step="image",outcome="ok"} 1',
    'build_attempts_total{step="test",outcome="ok"} 1',
  ])
})
