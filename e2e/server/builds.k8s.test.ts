import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { type Database, openDatabase } from '#lib/adapters/pg/database.ts'
import { systemRandom } from '#lib/adapters/system/time.ts'
import { requestBuild } from '#lib/application/builds/request-build.ts'
import { PRIORITIES } from '#lib/domain/build.ts'
import type { LangId } from '#lib/domain/ids.ts'

import { ownServer, type OwnServer } from '../../cli/own-server.ts'
import { buildRunner } from '../../cli/setup/build-runner.ts'
import { TOP } from '../../cli/setup/stamps.ts'
import { apply, kubeconfigPath, kubectlJson } from '../../k8s/test-cluster/kubectl.ts'
import { type OwnDatabase, ownDatabase } from '../../k8s/test-cluster/own-database.ts'
import { type OwnNamespace, ownNamespace } from '../../k8s/test-cluster/own-namespace.ts'
import { testWorld } from '../../k8s/test-cluster/world.ts'

const NAME = 'builds-in-pods'
/** Of a package of Debian's, and slow enough to be killed over it. */
const CONFIG = `id: slow
name: Slow
main: main.dc
template: '[Hello, world!] p'
run: exec dc --file=main.dc
skip: [repl, runrepl, scope, format, lsp]
install:
  apt: [dc]
  manual: |
    echo begun
    sleep 3
    mkdir -p "$pkg/usr/share/slow"
    echo done > "$pkg/usr/share/slow/done"
`
/** A server and its first pods start slowly on a busy machine. */
const TEST_MS_MAX = 240_000
const PATIENCE = { timeout: 90_000, interval: 200 }

let database: OwnDatabase
let handle: Database
let builds: OwnNamespace
let sessions: OwnNamespace
const servers: OwnServer[] = []
beforeAll(async () => {
  await buildRunner()
  ;[database, builds, sessions] = await Promise.all([ownDatabase(), ownNamespace('builds'), ownNamespace('tested')])
  handle = openDatabase({ url: database.url, timeoutMs: 10_000 })
  await Promise.all([builds, sessions].map(({ name }) => apply(deny(name))))
})
afterAll(async () => {
  for (const server of servers) await server.stop()
  await handle?.close()
  await Promise.all([database?.end(), builds?.end(), sessions?.end()])
  rmSync(join(TOP, '.dragoman', NAME), { recursive: true, force: true })
})

const deny = (namespace: string) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'default-deny', namespace },
  spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
})

/** Always the same one, as far as others know. */
async function serve(): Promise<OwnServer> {
  const { registryUrl, agentCache } = testWorld()
  const server = await ownServer(NAME, {
    DATABASE_URL: database.url,
    DRAGOMAN_SANDBOXES: 'pods',
    DRAGOMAN_BUILDER: 'pods',
    DRAGOMAN_KUBECONFIG: kubeconfigPath(),
    DRAGOMAN_SESSIONS_NAMESPACE: sessions.name,
    DRAGOMAN_BUILDS_NAMESPACE: builds.name,
    DRAGOMAN_REGISTRY_URL: registryUrl,
    DRAGOMAN_AGENT_CACHE: agentCache,
    DRAGOMAN_POOL_MEMORY_MIB: '0',
  })
  servers.push(server)
  return server
}

type Pods = {
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly status: { readonly phase: string } }[]
}
const pods = async () => {
  const { items } = await kubectlJson<Pods>(['get', 'pods', '-n', builds.name])
  return items.map(({ metadata: { name }, status: { phase } }) => ({ name, phase }))
}

test(
  'a language is built and tested in pods alone, though its server is killed over it, and ends once',
  async () => {
    const queue = pgBuildQueue(handle)
    const first = await serve()
    const asked = await requestBuild(
      { queue, artifacts: pgArtifacts(handle), random: systemRandom },
      {
        ...{ lang: 'slow' as LangId, configText: CONFIG, from: 'package', agent: testWorld().agentVersion },
        ...{ by: 'test', priority: PRIORITIES.person },
      },
    )
    if (!asked.ok) throw new Error(JSON.stringify(asked.error))
    const { build } = asked.value
    await expect.poll(pods, PATIENCE).toEqual([{ name: `${build}-package-1`, phase: 'Running' }])
    first.process.kill('SIGKILL')

    await serve()
    await expect.poll(async () => (await queue.find(build))?.outcome, { ...PATIENCE, timeout: 150_000 }).toBeDefined()
    const ended = await queue.find(build)
    expect({ outcome: ended?.outcome, reason: ended?.reason }).toEqual({ outcome: 'ok', reason: undefined })
    expect(ended?.steps.map(({ step, attempts, outcome }) => ({ step, attempts, outcome }))).toEqual([
      { step: 'package', attempts: 2, outcome: 'ok' },
      { step: 'image', attempts: 1, outcome: 'ok' },
      { step: 'test', attempts: 1, outcome: 'ok' },
    ])
    await expect.poll(pods, PATIENCE).toEqual([])
  },
  TEST_MS_MAX,
)
