import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'

import { memoryLog } from '#lib/adapters/memory/log.ts'
import { memoryObjectStore } from '#lib/adapters/memory/object-store.ts'
import { finaliseLogs } from '#lib/application/builds/finalise-logs.ts'
import { newRequest } from '#lib/application/testing/builds.ts'
import { STEPS } from '#lib/domain/build.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import { pgBuildLogs } from './build-logs.ts'
import { pgBuildQueue } from './build-queue.ts'
import { BOUNDARIES, workerOn } from './killed-worker.contract.ts'
import { workshopDatabase } from './world.contract.ts'

const WORKER = join(import.meta.dirname, 'killed-worker.contract.ts')
const PATIENCE = { timeout: 30_000, interval: 50 }

let world: Awaited<ReturnType<typeof workshopDatabase>>
const children = new Set<ChildProcess>()
beforeAll(async () => {
  world = await workshopDatabase()
})
afterEach(() => children.forEach((child) => child.kill('SIGKILL')))
afterAll(() => world.end())

function worker(...args: readonly string[]) {
  const child = spawn(process.execPath, [WORKER, world.url, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.add(child)
  const exited = once(child, 'exit').then(([, signal]) => signal as string)
  void exited.then(() => children.delete(child))
  return { child, exited, atWork: once(child.stdout, 'data') }
}

/** Waits for the builds' ends; pauses between tries are skipped. */
async function allEnded(builds: readonly BuildId[]): Promise<void> {
  await vi.waitFor(async () => {
    await world.query(`UPDATE build_step SET ready_at = now() WHERE state = 'ready'; NOTIFY dragoman_queue`)
    const left = await world.query('SELECT FROM build WHERE id = ANY($1) AND outcome IS NULL', [builds])
    expect(left).toEqual([])
  }, PATIENCE)
}

/** What must hold of every build, whoever was killed where. */
async function expectSound(builds: readonly BuildId[]): Promise<void> {
  const attempts = await world.query<{ build: string; step: string; numbers: number[]; well: string; unended: string }>(
    `SELECT build, step, array_agg(number ORDER BY number) AS numbers, count(*) FILTER (WHERE outcome = 'ok') AS well,
       count(*) FILTER (WHERE ended_at IS NULL OR (outcome <> 'ok' AND reason IS NULL)) AS unended
     FROM build_attempt WHERE build = ANY($1) GROUP BY build, step`,
    [builds],
  )
  for (const { numbers, well, unended } of attempts) {
    expect(numbers).toEqual(numbers.map((_, i) => i + 1))
    expect(Number(well)).toBeLessThanOrEqual(1)
    expect(Number(unended)).toBe(0)
  }
  const objects = memoryObjectStore()
  while ((await finaliseLogs({ logs: pgBuildLogs(world.database), objects, log: memoryLog() })) > 0);
  const chunks = await world.query('SELECT FROM log_chunk WHERE build = ANY($1)', [builds])
  expect(chunks).toEqual([])
}

const places = STEPS.flatMap((step) => BOUNDARIES.map((boundary) => ({ step, boundary })))

test.each(places)('killed when $step is $boundary, its build still ends once, and well', async ({ step, boundary }) => {
  const queue = pgBuildQueue(world.database)
  const asked = newRequest()
  await queue.request(asked)
  const { exited } = worker('here', step, boundary)
  expect(await exited).toBe('SIGKILL')

  const successor = await workerOn(world.url, 'here')
  await allEnded([asked.id])
  await successor.stop()
  const build = await queue.find(asked.id)
  expect(build?.outcome).toBe('ok')
  const unlucky = boundary === 'finished' ? [] : [step]
  expect(build?.steps.filter(({ attempts }) => attempts === 2).map(({ step }) => step)).toEqual(unlucky)
  await expectSound([asked.id])
})

test('workers killed again and again at no particular time leave each of twelve builds with one outcome', async () => {
  const queue = pgBuildQueue(world.database)
  const builds: BuildId[] = []
  for (let round = 1; round <= 4; round++) {
    for (const asked of [newRequest(), newRequest(), newRequest()]) {
      await queue.request(asked)
      builds.push(asked.id)
    }
    const [one, two] = [worker('one'), worker('two')]
    await Promise.race([one.atWork, two.atWork])
    one.child.kill('SIGKILL')
    await two.atWork
    two.child.kill('SIGKILL')
    await Promise.all([one.exited, two.exited])
  }
  const [one, two] = [await workerOn(world.url, 'one'), await workerOn(world.url, 'two')]
  await allEnded(builds)
  await Promise.all([one.stop(), two.stop()])

  const outcomes = await world.query<{ outcome: string }>('SELECT outcome FROM build WHERE id = ANY($1)', [builds])
  expect(outcomes).toHaveLength(12)
  for (const { outcome } of outcomes) expect(['ok', 'infra']).toContain(outcome)
  await expectSound(builds)
})
