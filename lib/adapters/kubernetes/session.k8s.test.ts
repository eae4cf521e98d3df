import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { systemClock } from '#lib/adapters/system/time.ts'
import { Pool } from '#lib/application/pool/pool.ts'
import { openSession } from '#lib/application/sessions/open-session.ts'
import { outputShare } from '#lib/application/sessions/output-share.ts'
import type { Session } from '#lib/application/sessions/session.ts'
import { NO_VIEWER, type Viewer } from '#lib/application/sessions/viewer.ts'
import { python, world as memoryWorld } from '#lib/application/testing/world.ts'
import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import type { SandboxId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'
import { terminalSize } from '#lib/domain/terminal-size.ts'
import type { JobEvent } from '#lib/protocol/browser.ts'

import { apply, kubeconfigPath } from '../../../k8s/test-cluster/kubectl.ts'
import { podProcesses } from '../../../k8s/test-cluster/pod-processes.ts'
import { clusterFacts } from './cluster-facts.ts'
import { apiServerAddresses, openCluster } from './cluster.ts'
import { podWorld, type PodWorld } from './testing/pod-world.ts'
import { countsOf } from './testing/replay-server.ts'

const SIZE = terminalSize(80, 24)
const PATIENCE = { timeout: 20_000 }
const START_PATIENCE = { timeout: 40_000 }
/** Long enough for a watch, a kubelet and a sandbox's heartbeat to notice. */
const PAUSED_MS = 6000
/** An agent is silent for 15 s at most. */
const LOST_MS_MAX = 40_000

let world: PodWorld
let language: Language
let sandboxes: Sandboxes
beforeAll(async () => {
  world = await podWorld()
  // Nothing in and nothing out; a node reaches its own pods all the same.
  await apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'nothing', namespace: world.namespace },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  })
  language = { ...python, foundation: world.python, prompt: '>>> $' }
})
afterAll(() => world.end())
afterEach(async () => {
  await sandboxes.close()
  const left = await world.pods()
  await world.clear()
  expect(left).toEqual([])
})

test('a session of Python opens on a pod, prompt, keys and answer', async () => {
  const session = await opened(await server())
  const seen = await watched(session)
  await expect.poll(() => seen.text, PATIENCE).toContain('>>> ')

  session.input(0, Buffer.from('print(6 * 7)\n'))
  await expect.poll(() => seen.text, PATIENCE).toMatch(/^42/m)
  await session.end('left')
})

test('an API server that is held for a while is noticed by nobody, and what it missed is told after', async () => {
  const deps = await server()
  const pool = poolOf(deps)
  pool.start()
  await expect.poll(() => pool.ready(language.id), START_PATIENCE).toBe(1)
  const pid = apiServer()
  if (pid !== undefined) process.kill(pid, 'SIGSTOP')
  const from = performance.now()
  let session: Session
  let seen: Awaited<ReturnType<typeof watched>>
  try {
    session = await opened({ ...deps, pool })
    seen = await watched(session)
    await expect.poll(() => seen.text, PATIENCE).toContain('>>> ')
    for (let n = 0, offset = 0; performance.now() - from < PAUSED_MS; n++) {
      const line = Buffer.from(`print("n" + "${n}")\n`)
      session.input(offset, line)
      offset += line.length
      await expect.poll(() => seen.text, PATIENCE).toContain(`\nn${n}\r`)
    }
  } finally {
    if (pid !== undefined) process.kill(pid, 'SIGCONT')
  }
  expect(seen.ended).toBeUndefined()
  await session.end('left')
  await pool.stop()
  await expect.poll(world.pods, PATIENCE).toEqual([])
})

/** Keeps one prompt of the language open. */
const poolOf = (deps: Awaited<ReturnType<typeof server>>) =>
  new Pool(deps, {
    ...{ languages: () => [language], kept: [language.id], keptEach: 1, membersPerLanguageMax: 1, plainMembers: 0 },
    ...{ memoryBytes: 2 ** 30, isShared: false, startMs: 40_000, startsMax: 1 },
  })

/** The test cluster's, a process of this machine; another cluster's cannot be held. */
function apiServer(): number | undefined {
  const path = join(dirname(kubeconfigPath()), 'kube-apiserver.pid')
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : undefined
}

test('nothing is written to the cluster between a claim and the prompt', async () => {
  const deps = await server()
  const session = await opened(deps)
  const writes = countsOf(world.metrics, 'dragoman_k8s_writes_total')
  const seen = await watched(session)
  await expect.poll(() => seen.text, PATIENCE).toContain('>>> ')

  expect(countsOf(world.metrics, 'dragoman_k8s_writes_total')).toEqual(writes)
  await session.end('left')
})

test('a program that outgrows its memory is told so, and its session lives on', async () => {
  const limits = { ...DEFAULT_LIMITS, memoryBytes: 128 * 2 ** 20 }
  const session = await opened(await server(), { ...language, limits })
  const seen = await watched(session)
  const run = (text: string) => session.run({ files: [{ path: 'main.py', text }] })
  const endings = () =>
    seen.jobs.flatMap(({ kind, state, ending }) => (kind === 'run' && state === 'ended' && ending ? [ending] : []))
  await run('x = [bytearray(1 << 20) for _ in range(300)]')
  await expect.poll(() => endings().map(({ reason }) => reason), PATIENCE).toEqual(['memory'])

  await run('print(sum(range(2_000_000)))')
  await expect.poll(() => endings().map(({ reason }) => reason), PATIENCE).toEqual(['memory', 'exit'])
  expect(seen.text).toContain('1999999000000')
  expect(endings()[1]?.usage.cpuMs).toBeGreaterThan(5)
  await session.end('left')
})

test('what stands still with its node is lost by our own heartbeat, and taken away', async () => {
  const session = await opened(await server())
  const seen = await watched(session)
  await expect.poll(() => seen.text, PATIENCE).toContain('>>> ')
  const [name = ''] = await world.pods()
  const { metadata } = await world.pod(name as SandboxId)
  const processes = podProcesses(metadata?.uid ?? '')
  for (const pid of processes) process.kill(pid, 'SIGSTOP')

  await expect.poll(() => seen.ended, { timeout: LOST_MS_MAX }).toBe('lost')
  await expect.poll(world.pods, PATIENCE).toEqual([])
  if (processes.length > 0) await expect.poll(() => podProcesses(metadata?.uid ?? ''), PATIENCE).toEqual([])
})

/** A server of this house, as it finds the cluster. */
async function server() {
  const { api, house } = world.options
  const wanted = { hostUsers: 'auto', agentVolume: 'auto' } as const
  const facts = await clusterFacts(api, house, wanted, AbortSignal.timeout(10_000))
  if (!facts.ok) throw new Error(facts.error.why)
  const canary = await apiServerAddresses(await openCluster(kubeconfigPath()))
  sandboxes = await world.open({ facts: facts.value, canary })
  const { deps } = memoryWorld()
  return { ...deps, sandboxes, clock: systemClock, share: outputShare(systemClock, 24_000_000) }
}

async function opened(deps: Awaited<ReturnType<typeof server>>, of = language): Promise<Session> {
  const signal = AbortSignal.timeout(40_000)
  const result = await openSession(deps, { language: of, address: '192.0.2.1', size: SIZE, signal, phase: () => {} })
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value.session
}

/** Somebody who looks, draws all and remembers it. */
async function watched(session: Session) {
  const seen = { text: '', jobs: [] as JobEvent[], ended: undefined as string | undefined }
  const viewer: Viewer = {
    ...NO_VIEWER,
    output(offset, bytes) {
      seen.text += Buffer.from(bytes).toString()
      session.ack(offset + bytes.length)
    },
    job: (event) => void seen.jobs.push(event),
    ended: (reason) => void (seen.ended = reason),
  }
  await session.attach(viewer, 0, SIZE)
  return seen
}
