import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'

const kubeconfig = z.object({
  clusters: z.tuple([z.object({ cluster: z.object({ server: z.string(), 'certificate-authority': z.string() }) })]),
  users: z.tuple([z.object({ user: z.object({ 'client-certificate': z.string(), 'client-key': z.string() }) })]),
})
/** The API server ends a watch by then; what was missed meanwhile is in the next list. */
const WATCH_SECONDS = 240
const AGAIN_MS = 200

export type Api = { readonly url: string; readonly agent: Agent }

/** By a kubeconfig as our test cluster writes it: JSON, with paths. */
export function openApi(path: string): Api {
  const { clusters, users } = kubeconfig.parse(JSON.parse(readFileSync(path, 'utf8')))
  const [{ cluster }] = clusters
  const [{ user }] = users
  const [ca, cert, key] = [cluster['certificate-authority'], user['client-certificate'], user['client-key']].map((file) =>
    readFileSync(file),
  )
  return { url: cluster.server, agent: new Agent({ ca, cert, key, keepAlive: true }) }
}

type Listed<T> = { readonly metadata: { readonly resourceVersion: string }; readonly items: readonly T[] }
type Event<T> = { readonly type: string; readonly object: T }
type Named = { readonly metadata: { readonly name: string; readonly namespace?: string } }

export type Kept<T> = {
  all(): readonly T[]
  /** When it was known for the first time what there is. */
  readonly listed: Promise<void>
  readonly onChange: (tell: () => void) => void
}

/** Keeps what there is of one kind for as long as the process lives. */
export function keepAll<T extends Named>(api: Api, path: string): Kept<T> {
  let all = new Map<string, T>()
  let tell = () => undefined as void
  const listed = Promise.withResolvers<void>()
  const nameOf = ({ metadata }: T) => `${metadata.namespace ?? ''}/${metadata.name}`

  async function listAndWatch(): Promise<void> {
    const list = JSON.parse(await wholeText(api, path)) as Listed<T>
    all = new Map(list.items.map((item) => [nameOf(item), item]))
    listed.resolve()
    tell()
    const query = `watch=1&resourceVersion=${list.metadata.resourceVersion}&timeoutSeconds=${WATCH_SECONDS}`
    for await (const line of createInterface({ input: await answer(api, `${path}?${query}`) })) {
      const { type, object } = JSON.parse(line) as Event<T>
      if (type === 'ERROR') return // too old: the next list has it
      if (type === 'DELETED') all.delete(nameOf(object))
      else all.set(nameOf(object), object)
      tell()
    }
  }
  async function forEver(): Promise<never> {
    for (;;) {
      await listAndWatch().catch(complain)
      await setTimeout(AGAIN_MS)
    }
  }
  void forEver()
  return { all: () => [...all.values()], listed: listed.promise, onChange: (told) => void (tell = told) }
}

const complain = (error: unknown) => void process.stderr.write(`${String(error)}\n`)

async function wholeText(api: Api, path: string): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of await answer(api, path)) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}

const answer = ({ url, agent }: Api, path: string) =>
  new Promise<NodeJS.ReadableStream>((done, failed) => {
    const asked = request(`${url}${path}`, { agent }, (response) => {
      if (response.statusCode === 200) done(response)
      else failed(new Error(`${path}: ${response.statusCode}`))
    })
    asked.once('error', failed)
    asked.end()
  })
