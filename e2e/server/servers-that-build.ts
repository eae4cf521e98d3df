import { rmSync } from 'node:fs'
import { join } from 'node:path'

import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { openDatabase } from '#lib/adapters/pg/database.ts'
import { systemRandom } from '#lib/adapters/system/time.ts'
import { requestBuild } from '#lib/application/builds/request-build.ts'
import { PRIORITIES } from '#lib/domain/build.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'

import { ownServer, type OwnServer } from '../../cli/own-server.ts'
import { buildRunner } from '../../cli/setup/build-runner.ts'
import { TOP } from '../../cli/setup/stamps.ts'
import { apply, kubeconfigPath, kubectlJson } from '../../k8s/test-cluster/kubectl.ts'
import { ownDatabase } from '../../k8s/test-cluster/own-database.ts'
import { ownNamespace } from '../../k8s/test-cluster/own-namespace.ts'
import { testWorld } from '../../k8s/test-cluster/world.ts'

type Pods = {
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly status: { readonly phase: string } }[]
}

/** Servers that build in pods, one after the other under one name, with a database and namespaces of their own. */
export async function serversThatBuild(name: string) {
  await buildRunner()
  const [database, builds, sessions] = await Promise.all([ownDatabase(), ownNamespace('builds'), ownNamespace('tested')])
  const handle = openDatabase({ url: database.url, timeoutMs: 10_000 })
  await Promise.all([builds, sessions].map((namespace) => apply(deny(namespace.name))))
  const queue = pgBuildQueue(handle)
  const { registryUrl, agentCache, agentVersion } = testWorld()
  const servers: OwnServer[] = []

  return {
    queue,
    /** Always the same one, as far as others know: one before it that lives is stopped. */
    async serve(env: Readonly<Record<string, string>> = {}): Promise<OwnServer> {
      for (const server of servers) await server.stop()
      const server = await ownServer(name, {
        DATABASE_URL: database.url,
        DRAGOMAN_SANDBOXES: 'pods',
        DRAGOMAN_BUILDER: 'pods',
        DRAGOMAN_KUBECONFIG: kubeconfigPath(),
        DRAGOMAN_SESSIONS_NAMESPACE: sessions.name,
        DRAGOMAN_BUILDS_NAMESPACE: builds.name,
        DRAGOMAN_REGISTRY_URL: registryUrl,
        DRAGOMAN_AGENT_CACHE: agentCache,
        DRAGOMAN_POOL_MEMORY_MIB: '0',
        ...env,
      })
      servers.push(server)
      return server
    },
    async ask(lang: LangId, configText: string): Promise<BuildId> {
      const asked = await requestBuild(
        { queue, artifacts: pgArtifacts(handle), random: systemRandom },
        { lang, configText, from: 'package', agent: agentVersion, by: 'test', priority: PRIORITIES.person },
      )
      if (!asked.ok) throw new Error(JSON.stringify(asked.error))
      return asked.value.build
    },
    /** All tries of a build's steps, in their order, and how they ended. */
    async attempts(build: BuildId) {
      const { rows } = await handle.sql.query<{ step: string; number: number; outcome: string; reason: string | null }>(
        'SELECT step, number, outcome, reason FROM build_attempt WHERE build = $1 ORDER BY step, number',
        [build],
      )
      return rows
    },
    /** Those of builds. */
    async pods() {
      const { items } = await kubectlJson<Pods>(['get', 'pods', '-n', builds.name])
      return items.map((pod) => ({ name: pod.metadata.name, phase: pod.status.phase }))
    },
    async end() {
      for (const server of servers) await server.stop()
      await handle.close()
      await Promise.all([database.end(), builds.end(), sessions.end()])
      rmSync(join(TOP, '.dragoman', name), { recursive: true, force: true })
    },
  }
}

const deny = (namespace: string) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'default-deny', namespace },
  spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
})
