import { readFileSync } from 'node:fs'

import { afterEach, beforeEach, expect, test } from 'vitest'

import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'
import { serverHello } from '#lib/protocol/agent-words.ts'
import { controlFrame } from '#lib/protocol/frame.ts'

import { findCgroups } from './cgroups.ts'
import { newId, NOTHING, ociWorld, type World } from './testing.ts'

const MIB = 1024 * 1024
const soon = () => AbortSignal.timeout(30_000)
/** Above 50 times what an end takes here; one that waits for an answer, or for one after another, takes far longer. */
const END_MS_MAX = 10_000

let world: World
let sandboxes: Sandboxes

beforeEach(async () => {
  world = await ociWorld({ sandboxesMax: 40 })
  sandboxes = await world.open()
})

/** Each test ends by proving that nothing of it is left. */
afterEach(async () => {
  await sandboxes.close()
  expect(world.ledger()).toEqual(NOTHING)
  await world.end()
})

test('a sandbox starts, runs a program as the visitor and goes', async () => {
  const sandbox = await world.start(sandboxes)

  expect(await world.run(sandbox, 'id -un; hostname; pwd')).toBe('visitor\ndragoman\n/home/visitor')
  expect(world.ledger().processes).toHaveLength(1)
  await sandbox.destroy()
  expect(await sandbox.exited).toEqual({ reason: 'killed' })
  expect(world.ledger().processes).toEqual([])
  await expect(sandbox.dial(soon())).rejects.toThrow()
  await sandbox.destroy()
})

test('starting twice under one id is one sandbox', async () => {
  const id = newId()
  const [first, second] = await Promise.all([world.start(sandboxes, {}, id), world.start(sandboxes, {}, id)])

  expect(second).toBe(first)
  expect(await world.start(sandboxes, {}, id)).toBe(first)
  expect(world.ledger().processes).toHaveLength(1)
})

test('there is room for so many and no more', async () => {
  const small = await ociWorld({ sandboxesMax: 2 })
  const few = await small.open()
  const [first] = await Promise.all([small.start(few), small.start(few)])

  expect(await few.start(newId(), { limits: DEFAULT_LIMITS }, soon())).toEqual({ ok: false, error: { code: 'no_room' } })
  await first?.destroy()
  expect(await few.start(newId(), { limits: DEFAULT_LIMITS }, soon())).toMatchObject({ ok: true })
  await few.close()
  expect(small.ledger()).toEqual(NOTHING)
  await small.end()
})

test('no two sandboxes share an id, and a freed pair is taken again', async () => {
  const hostIds = async (sandbox: Awaited<ReturnType<World['start']>>) =>
    (await world.run(sandbox, 'cat /proc/self/uid_map'))
      .split('\n')
      .map((line) => Number(line.trim().split(/\s+/)[1]) - world.options.uidBase)
  const [first, second] = [await world.start(sandboxes), await world.start(sandboxes)]

  expect(await hostIds(first)).toEqual([0, 1])
  expect(await hostIds(second)).toEqual([2, 3])
  await first.destroy()
  expect(await hostIds(await world.start(sandboxes))).toEqual([0, 1])
})

test('limits are in the kernel, for one and for all', async () => {
  const { id } = await world.start(sandboxes, { cpus: 0.5, memoryBytes: 96 * MIB, processes: 77 })
  const slice = Number(world.control('', findCgroups().version === 2 ? 'memory.max' : 'memory.limit_in_bytes'))
  const memTotal = 1024 * Number(/MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1])

  expect(slice / memTotal).toBeCloseTo(0.7, 2)
  expect(world.control(id, 'pids.max')).toBe('77')
  if (findCgroups().version === 2) {
    expect(world.control(id, 'memory.max')).toBe(String(96 * MIB))
    expect(world.control(id, 'memory.swap.max')).toBe('0')
    expect(world.control(id, 'cpu.max')).toBe('50000 100000')
  } else {
    expect(world.control(id, 'memory.limit_in_bytes')).toBe(String(96 * MIB))
    expect(world.control(id, 'memory.memsw.limit_in_bytes')).toBe(String(96 * MIB))
    expect([world.control(id, 'cpu.cfs_quota_us'), world.control(id, 'cpu.cfs_period_us')]).toEqual(['50000', '100000'])
  }
})

test('a meter counts from its mark', async () => {
  const sandbox = await world.start(sandboxes, { memoryBytes: 128 * MIB, processes: 40 })
  await world.run(sandbox, `perl -e '1 for 1..3e6'; perl -e 'my $x = "x" x 300e6' || true`)
  expect(await sandbox.read()).toMatchObject({ oomKills: 1 })

  await sandbox.mark()
  expect(await sandbox.read()).toMatchObject({ oomKills: 0, forksRefused: 0 })
  await world.run(sandbox, `perl -e 'my $x = "x" x (40 * 1048576); 1 for 1..3e6'`)
  const meter = await sandbox.read()
  expect(meter?.cpuMs).toBeGreaterThan(20)
  expect(meter?.peakBytes).toBeGreaterThan(40 * MIB)
  expect(meter?.peakBytes).toBeLessThan(100 * MIB)
  expect(meter).toMatchObject({ oomKills: 0, forksRefused: 0 })
})

test('an agent that quits ends its sandbox', async () => {
  const sandbox = await world.start(sandboxes)
  const stream = await sandbox.dial(soon())
  stream.on('error', () => undefined)
  stream.write(controlFrame(serverHello(sandbox.key)))
  stream.write(controlFrame({ type: 'quit' }))

  expect(await sandbox.exited).toEqual({ reason: 'quit' })
  expect(world.ledger().processes).toEqual([])
  expect(await sandbox.read()).toBeUndefined()
})

test('what will not listen is destroyed without being asked', async () => {
  const sandbox = await world.start(sandboxes, { processes: 64 })
  const [agent = 0] = world.ledger().processes
  const storm = world
    .run(sandbox, `trap '' TERM INT HUP; bomb() { bomb | bomb & }; bomb; sleep 1000`)
    .catch((error: unknown) => error)
  await expect.poll(async () => (await sandbox.read())?.forksRefused).toBeGreaterThan(0)
  process.kill(agent, 'SIGSTOP')

  const from = performance.now()
  await sandbox.destroy()
  expect(performance.now() - from).toBeLessThan(END_MS_MAX)
  expect(world.ledger().processes).toEqual([])
  expect(await storm).toBeInstanceOf(Error)
})

test('a start that is given up leaves nothing', async () => {
  const giveUp = new AbortController()
  const starting = sandboxes.start(newId(), { limits: DEFAULT_LIMITS }, giveUp.signal)
  setImmediate(() => giveUp.abort())

  expect(await starting).toMatchObject({ ok: false, error: { code: 'start_failed' } })
  expect(world.ledger().processes).toEqual([])
  await expect(sandboxes.start(newId(), { limits: DEFAULT_LIMITS }, giveUp.signal)).rejects.toThrow()
})

test('a runtime that cannot start one says why', async () => {
  const refused = await sandboxes.start(newId(), { limits: { ...DEFAULT_LIMITS, memoryBytes: 1 } }, soon())

  expect(refused).toMatchObject({ ok: false, error: { code: 'start_failed', why: expect.stringContaining('memory') } })
})

test('forty end at once in little time', async () => {
  const started = await Promise.all(Array.from({ length: 40 }, () => world.start(sandboxes)))
  const from = performance.now()
  await Promise.all(started.map((sandbox) => sandbox.destroy()))

  expect(performance.now() - from).toBeLessThan(END_MS_MAX)
})
