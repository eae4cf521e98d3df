import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import type { V1PodList } from '@kubernetes/client-node'
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
import { closedNamespace } from '../../k8s/test-cluster/closed-namespace.ts'
import { kubeconfigPath, kubectlJson } from '../../k8s/test-cluster/kubectl.ts'
import { type OwnDatabase, ownDatabase } from '../../k8s/test-cluster/own-database.ts'
import type { OwnNamespace } from '../../k8s/test-cluster/own-namespace.ts'
import { testWorld } from '../../k8s/test-cluster/world.ts'

const NAME = 'slow-languages'
const MIB = 1024 * 1024
/** Some hundred megabytes of packages come first, and then programs that take seconds to begin. */
const BUILD_MS_MAX = 900_000

let database: OwnDatabase
let handle: Database
let builds: OwnNamespace
let sessions: OwnNamespace
let server: OwnServer
beforeAll(async () => {
  await buildRunner()
  ;[database, builds, sessions] = await Promise.all([ownDatabase(), closedNamespace('builds'), closedNamespace('tested')])
  handle = openDatabase({ url: database.url, timeoutMs: 10_000 })
  const { registryUrl, agentCache } = testWorld()
  server = await ownServer(NAME, {
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
})
afterAll(async () => {
  await server?.stop()
  await handle?.close()
  await Promise.all([database?.end(), builds?.end(), sessions?.end()])
  rmSync(join(TOP, '.dragoman', NAME), { recursive: true, force: true })
})

/** What pods of sessions may use now, in bytes. */
async function memoryLimits(): Promise<readonly number[]> {
  const { items } = await kubectlJson<V1PodList>(['get', 'pods', '-n', sessions.name])
  return items.flatMap(({ spec }) => spec?.containers.map(({ resources }) => Number(resources?.limits?.['memory'])) ?? [])
}

test.each([
  ['clojure', 768],
  ['go', 1024],
] as const)(
  'all that %s declares is good in pods with the %d MiB that its file gives it',
  async (lang, memoryMiB) => {
    const queue = pgBuildQueue(handle)
    const asked = await requestBuild(
      { queue, artifacts: pgArtifacts(handle), random: systemRandom },
      {
        ...{ lang: lang as LangId, configText: readFileSync(join(TOP, `langs/${lang}.yaml`), 'utf8') },
        ...{ from: 'package', agent: testWorld().agentVersion, by: 'test', priority: PRIORITIES.person },
      },
    )
    if (!asked.ok) throw new Error(JSON.stringify(asked.error))
    const { build } = asked.value
    const limits = new Set<number>()
    const outcome = async () => {
      for (const limit of await memoryLimits()) limits.add(limit)
      return (await queue.find(build))?.outcome
    }
    await expect.poll(outcome, { timeout: BUILD_MS_MAX, interval: 500 }).toBeDefined()

    const { rows } = await handle.sql.query<{ check: string; outcome: string }>(
      `SELECT "check", outcome FROM test_run WHERE build = $1 AND outcome <> 'ok'`,
      [build],
    )
    expect([await outcome(), rows]).toEqual(['ok', []])
    expect(limits).toContain(memoryMiB * MIB)
  },
  BUILD_MS_MAX,
)
