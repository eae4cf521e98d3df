import { lookup } from 'node:dns/promises'
import { Agent, type RequestOptions } from 'node:https'

import { addressText } from './dial.ts'

/** One API server, and how to prove to it who we are. */
export type Cluster = {
  readonly url: string
  /** Asked for each call, because tokens and certificates change while we run. */
  options(): Promise<RequestOptions>
}

/** Connections at a time; each watch holds one. */
const SOCKETS_MAX = 32
/** A connection that went dead is noticed by the kernel, whatever it was used for. */
const KEEP_ALIVE_MS = 15_000

/**
 * The cluster of a kubeconfig's current context, or, without a path, the one that this process is a pod of. The client
 * costs 85 MB and half a second to load, so it is loaded here and nowhere else.
 */
export async function openCluster(kubeconfig: string | undefined): Promise<Cluster> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  if (kubeconfig === undefined) config.loadFromCluster()
  else config.loadFromFile(kubeconfig)
  const cluster = config.getCurrentCluster()
  if (!cluster) throw new Error(`Cannot find the cluster in ${kubeconfig ?? 'the service account'}: no current context`)

  const agent = new Agent({ keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets: SOCKETS_MAX })
  return {
    url: cluster.server,
    async options() {
      const options: RequestOptions = {}
      await config.applyToHTTPSOptions(options)
      // Its own agents open a connection for each call, and are needed only to go through a proxy.
      return cluster.proxyUrl ? options : { ...options, agent }
    },
  }
}

/** Where the API server listens, as `ip:port`: what no sandbox may reach. */
export async function apiServerAddresses({ url }: Pick<Cluster, 'url'>): Promise<string[]> {
  const { protocol, hostname, port } = new URL(url)
  const found = await lookup(hostname.replace(/^\[|\]$/g, ''), { all: true })
  const at = port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port)
  return found.map(({ address }) => addressText({ host: address, port: at }))
}
