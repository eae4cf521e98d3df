import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { expect } from 'vitest'

import { withClient } from '#lib/adapters/postgres/client.ts'
import type { Resumed, Started } from '#lib/protocol/browser.ts'

import { ownServer, type OwnServer } from '../../cli/own-server.ts'
import { apply, kubeconfigPath, kubectl } from '../../k8s/test-cluster/kubectl.ts'
import { ownDatabase } from '../../k8s/test-cluster/own-database.ts'
import { ownNamespace } from '../../k8s/test-cluster/own-namespace.ts'
import { testWorld } from '../../k8s/test-cluster/world.ts'
import { browser, type Browser } from './browser.ts'
import { type Wire, wireTo } from './wire.ts'

/** A busy machine starts a server, and its first pod, slowly. */
export const PATIENCE = { timeout: 60_000, interval: 100 }
/** What was not ended is, after two sweeps. */
const SWEPT = { timeout: 120_000, interval: 500 }

export type PodHouse = Awaited<ReturnType<typeof podHouse>>

/** Servers that share a database and a namespace of pods, their visitors, and the lines between them, which can be cut. */
export async function podHouse(prefix: string, labels: Readonly<Record<string, string>> = {}) {
  const [database, { name: namespace, end: endNamespace }, folder] = await Promise.all([
    ownDatabase(),
    ownNamespace(prefix, labels),
    mkdtemp(join(tmpdir(), 'pod-house-')),
  ])
  await apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'default-deny', namespace },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  })
  const closing: (() => unknown)[] = []
  const rows = <T extends object>(sql: string, ...values: unknown[]) =>
    withClient(database.migrateUrl, async (client) => (await client.query<T>(sql, values)).rows)
  const pods = async () => (await kubectl(['get', 'pods', '-n', namespace, '-o', 'name'])).match(/(?<=pod\/).+/g) ?? []

  return {
    ...{ database, namespace, rows, pods },

    /** Gone at the end by SIGKILL: nobody has to be handed over then. */
    async serve(name: string, env: Readonly<Record<string, string>> = {}): Promise<OwnServer> {
      const { registryUrl, agentCache } = testWorld()
      const server = await ownServer(name, {
        DRAGOMAN_SANDBOXES: 'pods',
        DATABASE_URL: database.url,
        DRAGOMAN_REGISTRY_URL: registryUrl,
        DRAGOMAN_KUBECONFIG: kubeconfigPath(),
        DRAGOMAN_SESSIONS_NAMESPACE: namespace,
        DRAGOMAN_AGENT_CACHE: agentCache,
        DRAGOMAN_REPLICA: name,
        DRAGOMAN_POOL_LANGUAGES: 'python',
        DRAGOMAN_POOL_MEMORY_MIB: '16',
        DRAGOMAN_STARTS_PER_MINUTE_PER_ADDRESS: '6000',
        DRAGOMAN_SESSIONS_PER_ADDRESS: '100',
        ...env,
      })
      closing.push(() => {
        server.process.kill('SIGCONT') // one that stands still hears nothing
        server.process.kill('SIGKILL')
        return server.stop()
      })
      return server
    },

    async visit({ url }: Pick<OwnServer, 'url'>): Promise<Browser> {
      const visitor = await browser(url)
      closing.push(() => visitor.close())
      return visitor
    },

    /** A line to PostgreSQL, and the address by which a server goes over it. */
    async databaseWire(): Promise<Wire & { readonly url: string }> {
      const { username, pathname, searchParams } = new URL(database.url)
      const wire = await wireTo({ path: join(searchParams.get('host') ?? '', '.s.PGSQL.5432') })
      closing.push(() => wire.close())
      return { ...wire, url: `postgresql://${username}@127.0.0.1:${wire.port}${pathname}` }
    },

    /** A line to the API server, and a kubeconfig by which a server goes over it. */
    async apiWire(): Promise<Wire & { readonly kubeconfig: string }> {
      const text = readFileSync(kubeconfigPath(), 'utf8')
      const [, host = '', port = ''] = /"?server"?: ?"?https:\/\/([^:"]+):(\d+)/.exec(text) ?? []
      const wire = await wireTo({ host, port: Number(port) })
      closing.push(() => wire.close())
      const kubeconfig = join(folder, `${wire.port}.kubeconfig`)
      await writeFile(kubeconfig, text.replace(`${host}:${port}`, `127.0.0.1:${wire.port}`))
      return { ...wire, kubeconfig }
    },

    /**
     * What must be so in the end, whatever happened: no session is left that nobody has ended, every pod is a waiting
     * member's, and every member has its pod.
     */
    async balances(): Promise<void> {
      const look = async () => {
        const live = await rows<{ id: string }>('SELECT id FROM session WHERE ended_at IS NULL')
        const members = await rows<{ sandbox: string }>(`SELECT sandbox FROM pool_member WHERE state <> 'creating'`)
        const [there, known] = [new Set(await pods()), new Set(members.map(({ sandbox }) => sandbox))]
        return {
          live: live.map(({ id }) => id),
          nobodys: [...there].filter((name) => !known.has(name)),
          without: [...known].filter((name) => !there.has(name)),
        }
      }
      await expect.poll(look, SWEPT).toEqual({ live: [], nobodys: [], without: [] })
    },

    /** Closes what a test opened; the namespace and the database stay. */
    async clear(): Promise<void> {
      for (const close of closing.splice(0).reverse()) await close()
    },

    async end(): Promise<void> {
      await this.clear()
      await Promise.all([database.end(), endNamespace(), rm(folder, { recursive: true, force: true })])
    },
  }
}

export async function readiness({ url }: OwnServer): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${url}/readyz`)
  return { status: answer.status, text: await answer.text() }
}

export const ready = (server: OwnServer) => expect.poll(() => readiness(server), PATIENCE).toMatchObject({ status: 200 })

/** The value of a metric with these labels in its name; undefined when it was never told. */
export async function metric({ url }: OwnServer, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const line = text.split('\n').find((each) => each.startsWith(`${name} `))
  return line === undefined ? undefined : Number(line.slice(name.length + 1))
}

/** Answers after which a page asks again by itself. */
const PASSING: ReadonlySet<string> = new Set(['moved', 'no_database'])

/** Resumes as a page does, which asks again when it is told that this is not for now. */
export async function comesBack(visitor: Browser, session: Started, offset: number): Promise<Resumed> {
  for (;;) {
    const answer = await visitor.resume(session, offset)
    if (answer.ok) return answer.value
    if (!PASSING.has(answer.error.code)) throw new Error(`Not resumed: ${JSON.stringify(answer.error)}`)
    await pause(ASK_AGAIN_MS)
  }
}

const ASK_AGAIN_MS = 250

/** Types a sum and waits for what Python makes of it. */
export async function answers(visitor: Browser, n: number): Promise<void> {
  visitor.type(`${n} * 1000 + 7\n`)
  await visitor.saw(`\r\n${n * 1000 + 7}\r\n`)
}
