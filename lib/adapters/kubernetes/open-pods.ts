import { lookup } from 'node:dns/promises'

import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import { ok, type Result } from '#lib/domain/result.ts'

import { kubernetesApi } from './api.ts'
import { clusterFacts, type HostUsers, type PodsRefused } from './cluster-facts.ts'
import { openCluster } from './cluster.ts'
import { addressText } from './dial.ts'
import type { PodHouse } from './pod-spec.ts'
import { podSandboxes, type PodOptions } from './sandboxes.ts'

export type PodSettings = Pick<PodOptions, 'clock' | 'metrics' | 'log' | 'sandboxesMax' | 'kind'> &
  Pick<PodHouse, 'namespace' | 'registry' | 'runtimeClass'> & {
    /** Without it, the service account of the pod that this server is. */
    readonly kubeconfig: string | undefined
    /** On every node, with `<version>/dragoman-agent` below it. */
    readonly agentCache: string
    readonly hostUsers: HostUsers
    /** As for {@link PodOptions}; the API server is always among what no pod may reach. */
    readonly canary: NonNullable<PodOptions['canary']>
  }
export type OpenedPods = { readonly sandboxes: Sandboxes; readonly house: PodHouse }

const FACTS_MS_MAX = 30_000
const PORT_OF = { 'https:': 443, 'http:': 80 } as const

/** Sandboxes on a cluster, as its own answers say that it is. Rejects when it cannot be asked. */
export async function openPods(settings: PodSettings): Promise<Result<OpenedPods, PodsRefused>> {
  const { kubeconfig, clock, metrics, namespace, registry, agentCache, runtimeClass, hostUsers } = settings
  const cluster = await openCluster(kubeconfig)
  const api = kubernetesApi(cluster, { clock, metrics })
  const asked = { namespace, registry, agent: { nodeFolder: agentCache }, ...(runtimeClass !== undefined && { runtimeClass }) }
  const facts = await clusterFacts(api, asked, hostUsers, AbortSignal.timeout(FACTS_MS_MAX))
  if (!facts.ok) return facts
  const house = { ...asked, ...facts.value }
  const canary = settings.canary === 'tolerated' ? settings.canary : [await listenerOf(cluster.url), ...settings.canary]
  return ok({ house, sandboxes: await podSandboxes({ ...settings, api, house, canary }) })
}

/** Where a URL leads, as an address: a sandbox has no server of names. */
async function listenerOf(url: string): Promise<string> {
  const { hostname, port, protocol } = new URL(url)
  const { address } = await lookup(hostname.replace(/^\[|\]$/g, ''))
  return addressText({ host: address, port: Number(port) || PORT_OF[protocol as keyof typeof PORT_OF] })
}
