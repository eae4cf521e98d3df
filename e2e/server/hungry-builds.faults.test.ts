import { afterAll, beforeAll, expect, test } from 'vitest'

import { podBuilds } from '#lib/adapters/kubernetes/builds/pod-builds.contract.ts'
import { podWorld, type PodWorld } from '#lib/adapters/kubernetes/testing/pod-world.ts'
import type { AttemptKey } from '#lib/domain/build.ts'
import type { BuildId } from '#lib/domain/ids.ts'

const MIB = 1024 * 1024
/** So much work takes a session some tenths of a second where nobody else works. */
const WORK = 'python3 -c "sum(n * n for n in range(3_000_000))"'
const ROUNDS = 3
/** A build has the weight of two sessions, and this machine is others' too. */
const SLOWER_MAX = 6
const TEST_MS_MAX = 180_000
const { signal } = new AbortController()

let builds: Awaited<ReturnType<typeof podBuilds>>
let sessions: PodWorld
beforeAll(async () => {
  ;[builds, sessions] = await Promise.all([podBuilds(), podWorld()])
})
afterAll(async () => {
  await Promise.all([builds?.close(), sessions?.end()])
})

test(
  'a build that takes every processor and all memory it can get slows a session down a little, and ends alone',
  async () => {
    const sandboxes = await sessions.open()
    const sandbox = await sessions.start(sandboxes)
    const tookMs = async () => {
      const times: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const from = performance.now()
        await sessions.run(sandbox, WORK)
        times.push(performance.now() - from)
      }
      return Math.min(...times)
    }
    const quietMs = await tookMs()

    const attempt: AttemptKey = { build: 'b0123456789abcdef' as BuildId, step: 'image', number: 1 }
    const limits = { cpus: 2, memoryBytes: 192 * MIB, processes: 256, timeMs: 120_000 }
    const { begun, log, said } = await builds.begin({ attempt, limits })
    if (!begun.ok) throw new Error(JSON.stringify(begun.error))
    const burn = 'for n in 1 2 3 4 5 6 7 8; do while :; do :; done & done\necho burning\nsleep 100'
    const stop = new AbortController()
    const burning = begun.value.run({ script: burn, limits, signal: stop.signal, log })
    await expect.poll(said, { timeout: 60_000 }).toContain('burning')
    const besideMs = await tookMs()
    stop.abort()
    await expect(burning).rejects.toThrow()
    await begun.value.remove()

    const second = await builds.begin({ attempt: { ...attempt, number: 2 }, limits })
    if (!second.begun.ok) throw new Error(JSON.stringify(second.begun.error))
    const bombed = await second.begun.value.run({ script: 'tail /dev/zero', limits, signal, log: second.log })
    expect(bombed).toMatchObject({ error: { code: 'infra', placeLost: true } })
    expect(await sessions.run(sandbox, 'echo still here')).toBe('still here')
    expect(besideMs / quietMs, `${quietMs} ms alone, ${besideMs} ms beside it`).toBeLessThan(SLOWER_MAX)

    await second.begun.value.remove()
    await sandbox.destroy()
    await sandboxes.close()
    await expect.poll(async () => [...(await builds.pods()), ...(await sessions.pods())], { timeout: 60_000 }).toEqual([])
    expect(builds.files()).toEqual([])
  },
  TEST_MS_MAX,
)
