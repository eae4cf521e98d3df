import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'

import { apiServerAddresses, openCluster } from '#lib/adapters/kubernetes/cluster.ts'

import { ownServer } from '../../../cli/own-server.ts'
import { TOP } from '../../../cli/setup/stamps.ts'
import { apply, kubeconfigPath, kubectl } from '../../../k8s/test-cluster/kubectl.ts'
import { ownNamespace } from '../../../k8s/test-cluster/own-namespace.ts'
import { openActor, type Actor } from '../actor.ts'
import type { Canaries } from '../oracles/canaries.ts'
import { setTraps } from '../oracles/traps.ts'
import { plantSecrets, rssMbOf, type Scene } from '../scene.ts'
import { podBoxOf } from './pod-box.ts'

const NAME = 'hostile-pods'
const POLICIES = join(TOP, 'k8s/base/network-sandboxes.yaml')

/** A server whose sessions are pods, under the policies that are installed with one, and secrets around it. */
export type PodStage = Omit<Scene, 'expect' | 'open'> & {
  readonly canaries: Canaries
  /** `ip:port` of the API server. */
  readonly apiServer: readonly string[]
  /** Names of the pods that are there. */
  pods(): Promise<readonly string[]>
  openActor(lang?: string): Promise<Actor>
  close(): Promise<void>
}

/** A pod's node is another machine: what only the node sees cannot be looked at. */
export class NodeElsewhere extends Error {}

export async function openPodStage(): Promise<PodStage> {
  const namespace = await ownNamespace('agent-hostile')
  for (const document of parseAllDocuments(readFileSync(POLICIES, 'utf8'))) {
    const policy = document.toJS() as { metadata: object }
    await apply({ ...policy, metadata: { ...policy.metadata, namespace: namespace.name } })
  }
  const planted = plantSecrets()
  const { canaries } = planted
  const traps = await setTraps()
  async function clear(): Promise<void> {
    await traps.close()
    planted.remove()
    await namespace.end()
  }
  const settings = { ...planted.env, DRAGOMAN_SESSIONS_NAMESPACE: namespace.name }
  const server = await ownServer(NAME, settings, 'e2e/hostile/pods/server.ts').catch(async (error: unknown) => {
    await clear()
    throw error
  })
  return {
    ...{ house: 'pods', server, traps, canaries, dataDir: join(TOP, '.dragoman') },
    apiServer: await apiServerAddresses(await openCluster(kubeconfigPath())),
    pods: async () => (await kubectl(['get', 'pods', '-n', namespace.name, '-o', 'name'])).split('\n').filter(Boolean),
    rssMb: () => rssMbOf(server.process.pid),
    openActor: (lang) => openActor(server.url, { ...(lang && { lang }), hears: (bytes) => canaries.hears(bytes) }),
    async box(actor) {
      const box = await podBoxOf(actor)
      if (!box) throw new NodeElsewhere('its oracle reads control groups of the node, which is not this machine')
      const [, key] = /DRAGOMAN_KEY_SHA256=([0-9a-f]+)/.exec(readFileSync(`/proc/${box.agentPid}/environ`, 'latin1')) ?? []
      if (key) canaries.add({ what: "the hash of an agent's key", text: key })
      return box
    },
    async close() {
      await server.stop()
      await clear()
    },
  }
}
