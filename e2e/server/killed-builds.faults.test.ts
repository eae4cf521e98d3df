import { createServer, type IncomingMessage, request as ask, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'

import type { LangId } from '#lib/domain/ids.ts'
import { testWorld } from '../../k8s/test-cluster/world.ts'
import { serversThatBuild } from './servers-that-build.ts'

const config = (lang: string) => `id: ${lang}
name: ${lang}
main: main.dc
template: '[Hello, world!] p'
run: exec dc --file=main.dc
skip: [repl, runrepl, scope, format, lsp]
install:
  apt: [dc]
`
const TEST_MS_MAX = 300_000
const PATIENCE = { timeout: 200_000, interval: 200 }

/** A place in a push, as somebody with `kill -9` would choose it. */
type Place = 'in the midst of a layer' | 'when the registry has its manifest'

/** The cluster's registry, and somebody before it who waits for one request. */
async function watchedRegistry(registryUrl: string) {
  let waiting: { readonly place: Place; readonly path: RegExp; reached(): void } | undefined
  const pass = (request: IncomingMessage, response: ServerResponse) => {
    const { method, headers, url = '' } = request
    const at = (place: Place) => {
      if (waiting?.place !== place || !waiting.path.test(url)) return false
      waiting.reached()
      waiting = undefined
      return true
    }
    const onward = ask(new URL(url, registryUrl), { method, headers }, (answer) => {
      if (method === 'PUT' && at('when the registry has its manifest')) return // nobody is told
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('error', () => onward.destroy())
    request.on('error', () => onward.destroy())
    request.on('data', (bytes: Buffer) => {
      const half = bytes.subarray(0, bytes.length / 2)
      if (method === 'PATCH' && at('in the midst of a layer')) onward.write(half, () => onward.destroy())
      else onward.write(bytes)
    })
    request.on('end', () => onward.end())
  }
  const server = createServer(pass)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // a TCP server that listens has one
    reached: (place: Place, path: RegExp) => new Promise<void>((reached) => (waiting = { place, path, reached })),
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

let world: Awaited<ReturnType<typeof serversThatBuild>>
let registry: Awaited<ReturnType<typeof watchedRegistry>>
beforeAll(async () => {
  const { registryUrl } = testWorld()
  ;[world, registry] = await Promise.all([serversThatBuild('killed-builds'), watchedRegistry(registryUrl)])
})
afterAll(async () => {
  await world?.end()
  registry?.close()
})

const serve = () =>
  world.serve({ DRAGOMAN_REGISTRY_URL: registry.url, DRAGOMAN_IMAGE_REGISTRY: new URL(testWorld().registryUrl).host })

/** What the registry itself says, by no way of ours: the images of all tags, and what of them is not there. */
async function published(lang: string) {
  const of = (path: string, method = 'GET') =>
    fetch(`${testWorld().registryUrl}/v2/lang/${lang}/${path}`, { method, headers: ACCEPT })
  const { tags } = (await (await of('tags/list')).json()) as { readonly tags: readonly string[] }
  const missing: string[] = []
  const images = new Set<string | null>()
  for (const tag of tags) {
    const manifest = await of(`manifests/${tag}`)
    images.add(manifest.headers.get('docker-content-digest'))
    const parts = (await manifest.json()) as Record<'config', Part> & { readonly layers: readonly Part[] }
    for (const { digest } of [parts.config, ...parts.layers])
      if ((await of(`blobs/${digest}`, 'HEAD')).status !== 200) missing.push(digest)
  }
  return { images: [...images], missing }
}
type Part = { readonly digest: string }
const ACCEPT = { accept: 'application/vnd.oci.image.manifest.v1+json' }

test.each([
  ['in the midst of a layer', /\/blobs\/uploads\//],
  ['when the registry has its manifest', /\/manifests\//],
] as const)(
  'a builder that is killed %s leaves one outcome, one image and no part of another',
  async (place, path) => {
    const lang = `killed${process.pid}${path.source.includes('blobs') ? 'midst' : 'after'}`
    const first = await serve()
    const reached = registry.reached(place, new RegExp(`^/v2/lang/${lang}${path.source}`))
    const build = await world.ask(lang as LangId, config(lang))
    await reached
    first.process.kill('SIGKILL')

    await serve()
    await expect.poll(async () => (await world.queue.find(build))?.outcome, PATIENCE).toBeDefined()
    const ended = await world.queue.find(build)
    expect({ outcome: ended?.outcome, reason: ended?.reason }).toEqual({ outcome: 'ok', reason: undefined })
    const well = { outcome: 'ok', reason: null }
    expect(await world.attempts(build)).toEqual([
      { step: 'package', number: 1, ...well },
      { step: 'image', number: 1, outcome: 'infra', reason: 'The builder ended without a word and was started again' },
      { step: 'image', number: 2, ...well },
      { step: 'test', number: 1, ...well },
    ])
    expect(await published(lang)).toEqual({ images: [ended?.steps[1]?.artifact], missing: [] })
    await expect.poll(world.pods, PATIENCE).toEqual([])
    expect(await world.queue.live()).toEqual([])
  },
  TEST_MS_MAX,
)
