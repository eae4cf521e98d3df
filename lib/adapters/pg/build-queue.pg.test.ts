import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { buildQueueContract } from '#lib/application/ports/build-queue.contract.ts'
import type { Leased } from '#lib/application/ports/build-queue.ts'
import { combinationOf, digestOf, newRequest, well } from '#lib/application/testing/builds.ts'
import { withClient } from '../postgres/client.ts'
import { pgBuildQueue } from './build-queue.ts'
import { cutCommits } from './cut-commit.contract.ts'
import { openDatabase } from './database.ts'
import { workshopDatabase } from './world.contract.ts'

let world: Awaited<ReturnType<typeof workshopDatabase>>
beforeAll(async () => {
  world = await workshopDatabase()
})
afterAll(() => world.end())

const emptyQueue = async () => {
  await world.query('DELETE FROM build_step WHERE outcome IS NULL')
  return pgBuildQueue(world.database)
}
const leaseNow = async (queue: ReturnType<typeof pgBuildQueue>): Promise<Leased> => {
  const leased = await queue.lease('here', 100)
  if (!leased) throw new Error('Nothing was ready')
  return leased
}

describe('pgBuildQueue', () => {
  buildQueueContract(async () => {
    const queue = await emptyQueue()
    const skipPauses = async () => void (await world.query(`UPDATE build_step SET ready_at = now() WHERE state = 'ready'`))
    return { queue, skipPauses }
  })
})

test('a connection cut during commit leaves one build, one attempt and one ending, whatever is repeated', async () => {
  await emptyQueue()
  const way = await cutCommits(world.url)
  const database = openDatabase({ url: way.url, timeoutMs: 10_000 })
  const queue = pgBuildQueue(database)
  /** Does it once with the answer to its commit lost, and again as a client does. */
  const twice = async <T>(act: () => Promise<T>): Promise<T> => {
    way.cutNext()
    await expect(act()).rejects.toThrow()
    return act()
  }
  try {
    const asked = newRequest()
    expect(await twice(() => queue.request(asked))).toEqual({ ok: true, value: { build: asked.id, how: 'new' } })
    const leased = await leaseNow(queue)
    expect(await twice(() => queue.finish(leased, well(leased)))).toEqual({ ok: true, value: { build: 'going_on' } })
    expect(await twice(() => queue.cancel(asked.id, 'ada'))).toBe(false) // it had ended by the first
    expect(way.cuts()).toBe(3)
    expect(await queue.find(asked.id)).toMatchObject({ outcome: 'cancelled', reason: 'Cancelled by ada' })
    expect(await queue.list({ lang: asked.inputs.lang, max: 10 })).toHaveLength(1)
    expect(await world.query('SELECT outcome FROM build_attempt WHERE build = $1', [asked.id])).toEqual([{ outcome: 'ok' }])
  } finally {
    await database.close()
    way.close()
  }
})

test('what is at work and what has ended is kept by the tables themselves', async () => {
  const queue = await emptyQueue()
  const asked = newRequest()
  await queue.request(asked)
  const first = await leaseNow(queue)
  const tries: Record<string, string> = {
    build_attempt_one_at_a_time: `INSERT INTO build_attempt (build, step, number, builder) VALUES ('${asked.id}', 'package', 2, 'here')`,
    build_same_inputs: `INSERT INTO build (id, lang, config, from_step, inputs, inputs_hash, requested_by)
      SELECT 'b0123456789abcdef', lang, config, from_step, inputs, inputs_hash, 'eve' FROM build WHERE id = '${asked.id}'`,
    build_ended_with_outcome: `UPDATE build SET ended_at = now() WHERE id = '${asked.id}'`,
    build_reason: `UPDATE build SET ended_at = now(), outcome = 'failed' WHERE id = '${asked.id}'`,
    build_step_made_something: `UPDATE build_step SET state = 'done', outcome = 'ok', ended_at = now() WHERE build = '${asked.id}' AND step = 'image'`,
  }
  for (const [constraint, sql] of Object.entries(tries)) await expect(world.query(sql), constraint).rejects.toThrow(constraint)

  await queue.finish(first, { outcome: 'failed', reason: 'no' })
  for (const table of ['build', 'build_step', 'build_attempt']) {
    const [id, set] = [
      table === 'build' ? 'id' : 'build',
      table === 'build_step' ? `outcome = 'ok'` : `outcome = 'ok', reason = NULL`,
    ]
    await expect(world.query(`UPDATE ${table} SET ${set} WHERE ${id} = '${asked.id}' AND outcome IS NOT NULL`)).rejects.toThrow(
      `The outcome of this ${table} is final`,
    )
  }
})

test('a combination is of one language and of an image, and an agent is an agent', async () => {
  const queue = await emptyQueue()
  await queue.request(newRequest())
  const leased = await leaseNow(queue)
  await queue.finish(leased, well(leased))
  const image = await leaseNow(queue)
  const pkg = image.made.package!
  await queue.finish(image, well(image))
  const test = await leaseNow(queue)
  const results = [{ check: 'run', outcome: 'ok', ms: 1 }] as const

  const ofPackage = { outcome: 'ok', tested: combinationOf(test.inputs, pkg), results } as const
  const refusal = (constraint: string) => ({ ok: false, error: { code: 'bad_result', why: expect.stringContaining(constraint) } })
  expect(await queue.finish(test, ofPackage)).toEqual(refusal('combination_image_lang_image_kind_fkey'))
  const ofAnother = { ...combinationOf(test.inputs, test.made.image!), config: digestOf('of another language') }
  expect(await queue.finish(test, { outcome: 'ok', tested: ofAnother, results })).toEqual(refusal('combination_config_lang_fkey'))
  expect(await queue.finish(test, well(test))).toEqual({ ok: true, value: { build: 'ok' } })
})

test('the lease goes by its own index', async () => {
  const plan = await withClient(world.migrateUrl, async (client) => {
    await client.query('SET enable_seqscan = off')
    await client.query('SET enable_sort = off')
    return client.query<object>(
      `EXPLAIN SELECT build FROM build_step WHERE state = 'ready' AND ready_at <= now() ORDER BY priority DESC, ready_at, build LIMIT 1`,
    )
  })
  expect(JSON.stringify(plan.rows)).toContain('build_step_queue')
})
