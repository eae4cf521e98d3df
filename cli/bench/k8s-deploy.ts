import { once } from 'node:events'
import { get } from 'node:http'

import type { OwnServer } from '../own-server.ts'
import { type Balancer, tcpBalancer } from './cluster/balancer.ts'
import { benchCluster } from './cluster/bench-cluster.ts'
import { typingLoad } from './cluster/typing-load.ts'

const SESSIONS = 50
const REPLICAS = 2
/** Typed before and after, in ms. */
const CALM_MS = 5000
/** A server sends its visitors away within 10 s of its SIGTERM and has 10 s more; a pod is given longer than that. */
const STOP_MS_MAX = 40_000
const PAGES = ['/', '/python', '/healthz']
const PAGE_MS = 50

/** Two servers are replaced by two others, one at a time, under fifty typists and somebody who reads pages. */
export async function k8sDeploy() {
  const cluster = await benchCluster()
  const balancer = await tcpBalancer()
  const begin = async () => {
    const server = await cluster.replica({ DRAGOMAN_POOL_MEMORY_MIB: '0' })
    balancer.add(server.url)
    return server
  }
  try {
    const old = await Promise.all(Array.from({ length: REPLICAS }, begin))
    const load = await typingLoad(balancer.url, SESSIONS)
    const reader = readPages(balancer.url)
    await new Promise((done) => setTimeout(done, CALM_MS))
    for (const server of old) {
      await begin()
      await replace(server, balancer)
    }
    await new Promise((done) => setTimeout(done, CALM_MS))
    const pages = await reader.stop()
    const { reasons, ...figures } = await load.finish()
    return { ...figures, ...pages, ...(reasons.length > 0 && { reasons: reasons.join(', ') }), n: SESSIONS }
  } finally {
    balancer.close()
    await cluster.close()
  }
}

/** As a cluster ends a pod: a signal, time, and only then force. */
async function replace({ process, url }: OwnServer, balancer: Balancer): Promise<void> {
  const exited = once(process, 'exit')
  process.kill('SIGTERM')
  const late = setTimeout(() => process.kill('SIGKILL'), STOP_MS_MAX)
  await exited
  clearTimeout(late)
  balancer.remove(url)
}

/** Asks for a page at a time, each over a connection of its own; what breaks off counts as a failure of the server. */
function readPages(url: string) {
  let [isOver, asked, failed] = [false, 0, 0]
  const reading = (async () => {
    while (!isOver) {
      const status = await statusOf(`${url}${PAGES[asked++ % PAGES.length]}`)
      if (status === undefined || status >= 500) failed++
      await new Promise((done) => setTimeout(done, PAGE_MS))
    }
  })()
  return {
    async stop() {
      isOver = true
      await reading
      return { http5xx: failed, pages: asked }
    },
  }
}

const statusOf = (url: string): Promise<number | undefined> =>
  new Promise((done) => {
    const request = get(url, { agent: false }, (answer) => {
      answer.resume()
      answer.once('end', () => done(answer.statusCode))
      answer.once('error', () => done(undefined))
    })
    request.once('error', () => done(undefined))
  })
