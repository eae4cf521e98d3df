import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

import { API_VERBS } from '#lib/adapters/kubernetes/api.ts'
import { digest } from '#lib/domain/digest.ts'
import { langId } from '#lib/domain/ids.ts'
import { OVERLAYS, renderedPath } from '../render.ts'
import { browser } from '../../e2e/server/browser.ts'
import { deployUntestedAt } from '../../cli/testing/deploy-image.ts'
import { TOP } from '../../cli/setup/stamps.ts'
import { install, type Installed } from './installed.ts'
import { kubectl, kubectlJson } from './kubectl.ts'
import { API_SERVICE_ADDRESS, NODE } from './places.ts'
import { listener, reached } from './reached.ts'
import { testWorld } from './world.ts'

/** Most of it is the image: on a machine that is busy otherwise, pages and programs of this checkout are made first. */
const INSTALL_MS_MAX = 8 * 60_000

let installed: Installed
beforeAll(async () => {
  installed = await install()
  await kubectl(['rollout', 'status', 'daemonset/agent-cache', '-n', 'dragoman-nodes', '--timeout=55s'])
  await kubectl(['wait', '--for=condition=complete', '-n', 'dragoman', '--timeout=55s', 'job', '--all'])
}, INSTALL_MS_MAX)
afterAll(() => installed?.end(), INSTALL_MS_MAX)

type Pod = {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string }
  readonly status: { readonly podIP?: string }
}
/** Those that are not about to go. */
async function podsOf(namespace: string, selector: string): Promise<readonly Pod[]> {
  const found = await kubectlJson<{ readonly items: readonly Pod[] }>(['get', 'pods', '-n', namespace, '-l', selector])
  return found.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
}

test('one apply brings servers that answer, and a second one changes nothing', async () => {
  await kubectl(['wait', '--for=condition=initialized', '-n', 'dragoman', '--timeout=55s', 'pod', '-l', SERVERS])
  const servers = await podsOf('dragoman', SERVERS)
  expect(servers).toHaveLength(2)
  for (const { status } of servers) {
    await expect.poll(() => statusOf(`http://${status.podIP}:3000/healthz`), PATIENCE).toBe(200)
    expect(await statusOf(`http://${status.podIP}:3000/`)).toBe(200)
    await expect.poll(() => checksOf(status.podIP), PATIENCE).toMatchObject({ database: { ok: true }, draining: { ok: true } })
  }

  const again = await kubectl(['apply', '-f', '-'], installed.manifests)
  expect(again.split('\n').filter((line) => line !== '' && !line.endsWith(' unchanged'))).toEqual([])
})

const SERVERS = 'app.kubernetes.io/name=dragoman,app.kubernetes.io/component=server'
const PATIENCE = { timeout: 60_000, interval: 500 }
const statusOf = (url: string) =>
  fetch(url, { signal: AbortSignal.timeout(5000) }).then(
    async (answer) => {
      await answer.arrayBuffer()
      return answer.status
    },
    () => 0,
  )

const checksOf = async (address = '') => {
  const said: unknown = await (await fetch(`http://${address}:3000/readyz`)).json()
  return typeof said === 'object' && said && 'checks' in said ? said.checks : undefined
}

/** Kinds that came after Kubernetes 1.20, or with somebody else's programs. */
const NOT_HERE = /^(?:ValidatingAdmissionPolicy(?:Binding)?|Gateway|HTTPRoute|HelmChartConfig)$/

test.each(OVERLAYS)('the API server takes every manifest of %s, but those of kinds that it is too old for', async (overlay) => {
  type Manifest = { readonly kind: string; apiVersion: string }
  const all = parseAllDocuments(readFileSync(renderedPath(overlay), 'utf8')).map((document) => document.toJS() as Manifest)
  const known = all
    .filter(({ kind }) => !NOT_HERE.test(kind))
    .map((each) => (each.kind === 'PodDisruptionBudget' ? { ...each, apiVersion: 'policy/v1beta1' } : each))
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: known.map(withoutFixed) })

  const said = await kubectl(['apply', '--dry-run=server', '--validate=true', '-f', '-'], list)
  expect(said.trim().split('\n')).toHaveLength(known.length)
})

/** What is there already may not be changed in these; they are made anew where an operator has them otherwise. */
function withoutFixed<T extends { readonly kind: string }>(manifest: T): T {
  return manifest.kind === 'Job' || manifest.kind === 'StatefulSet' || manifest.kind === 'Service'
    ? { ...manifest, metadata: { ...(manifest as { metadata?: object }).metadata, name: `other-${manifest.kind.toLowerCase()}` } }
    : manifest
}

test('each node has the registry on an address of its own, and others find it by servers alone', async () => {
  await kubectl(['rollout', 'status', 'daemonset/registry', '-n', 'dragoman-nodes', '--timeout=55s'])
  expect(await statusOf('http://127.0.0.1:30500/v2/')).toBe(200)
  expect(await statusOf(`http://${NODE.address}:30500/v2/`)).toBe(0)

  const pushed = await fetch('http://127.0.0.1:30500/v2/toy/blobs/uploads/', { method: 'POST' })
  expect(pushed.status).toBe(202)
  const { image } = installed
  const [registry] = await podsOf('dragoman-nodes', 'app.kubernetes.io/name=registry')
  const at = [`${registry?.status.podIP}:5000`]
  const server = reached(image, 'dragoman', 'pusher', at, { 'app.kubernetes.io/name': 'dragoman' })
  expect(await reached(image, 'default', 'stranger', at)).toEqual([])
  expect(await server).toEqual(at)
})

test('the servers’ account may do with pods what the code asks for, where it asks for it, and nothing else', async () => {
  const can = async (verb: string, resource: string, namespace: string) =>
    (
      await kubectl(['auth', 'can-i', verb, ...resource.split(' '), '-n', namespace, `--as=${ACCOUNT}`]).catch(() => 'no')
    ).trim() === 'yes'
  for (const verb of API_VERBS.pods) expect(await can(verb, 'pods', 'dragoman-sessions'), verb).toBe(true)
  for (const verb of ['create', 'delete', 'get', 'list']) expect(await can(verb, 'pods', 'dragoman-builds'), verb).toBe(true)
  expect(await can('list', 'events', 'dragoman-builds')).toBe(true)
  const beyond = [
    ['list', 'events', 'dragoman-sessions'],
    ['patch', 'pods', 'dragoman-builds'],
    ['list', 'pods', 'dragoman'],
    ['create', 'pods --subresource=exec', 'dragoman-sessions'],
    ['get', 'secrets', 'dragoman'],
    ['create', 'networkpolicies', 'dragoman-sessions'],
    ['list', 'nodes', 'default'],
  ] as const
  for (const [verb, resource, namespace] of beyond)
    expect(await can(verb, resource, namespace), `${verb} ${resource}`).toBe(false)
})
const ACCOUNT = 'system:serviceaccount:dragoman:dragoman'

test('a sandbox reaches nobody, and of all only servers reach a sandbox', { timeout: 120_000 }, async () => {
  const { image } = installed
  const [postgres] = await podsOf('dragoman', 'app.kubernetes.io/name=postgres')
  const peer = await listener(image, 'dragoman-sessions', 'peer')
  const open = await listener(image, 'dragoman-nodes', 'open')
  const targets = {
    peer: `${peer}:7117`,
    database: `${postgres?.status.podIP}:5432`,
    'another pod': `${open}:7117`,
    'API server': `${API_SERVICE_ADDRESS}:443`,
    'API server on the node': `${NODE.address}:6443`,
    kubelet: `${NODE.address}:10250`,
    registry: `${NODE.address}:5000`,
    'names on the node': `${NODE.address}:53`,
    metadata: '169.254.169.254:80',
    'metadata v6': '[fd00:ec2::254]:80',
    'private network': '192.168.0.1:80',
    'public names': '8.8.8.8:53',
    world: '1.1.1.1:443',
  }
  const all = Object.values(targets)
  const [inside, build, outside, server] = await Promise.all([
    reached(image, 'dragoman-sessions', 'inside', all),
    reached(image, 'dragoman-builds', 'inside', all),
    reached(image, 'default', 'outside', all),
    reached(image, 'dragoman', 'server', [targets.peer], { 'app.kubernetes.io/component': 'server' }),
  ])

  expect(inside).toEqual([])
  expect(build).toEqual([])
  // The same questions are answered where no rule forbids it, so what is seen above are the rules.
  expect(outside).toEqual(expect.arrayContaining([targets['API server'], targets.kubelet]))
  expect(outside).not.toContain(targets.peer)
  expect(outside).not.toContain(targets.database)
  expect(server).toEqual([targets.peer])
})

test('a session goes on, byte for byte, while all servers are replaced', { timeout: 240_000 }, async () => {
  await ready()
  await deployPython()
  const service = await kubectl(['get', 'service', 'dragoman', '-n', 'dragoman', '-o', 'jsonpath={.spec.clusterIP}'])
  const url = `http://${service}`
  // Each server first proves by a pod of the new language that it holds what it promises.
  for (const { status } of await podsOf('dragoman', SERVERS)) await expect.poll(() => provenOf(status.podIP), PATIENCE).toBe(true)
  await using visitors = new AsyncDisposableStack()
  const visit = async () => visitors.adopt(await browser(url), (each) => each.close())

  let visitor = await visit()
  const session = await visitor.started('python')
  await visitor.run('main.py', PRINT)
  await visitor.saw('line-5\r')
  await kubectl(['rollout', 'restart', 'deployment/dragoman', '-n', 'dragoman'])
  const replaced = ready()
  const texts: string[] = []
  const refused: number[] = []
  const watching = setInterval(() => void statusOf(`${url}/`).then((status) => status === 200 || refused.push(status)), 250)
  visitors.defer(() => clearInterval(watching))
  while (!visitor.text().includes('line-end\r')) {
    await visitor.until(
      () => visitor.told.moves.length > 0 || visitor.told.closed !== undefined || visitor.text().includes('line-end\r'),
    )
    if (visitor.text().includes('line-end\r')) break
    const at = visitor.end()
    texts.push(visitor.text())
    visitor.close()
    visitor = await visit()
    expect(await visitor.resume(session, at)).toMatchObject({ ok: true, value: { from: at } })
  }
  await replaced

  const numbers = [...[...texts, visitor.text()].join('').matchAll(/line-(\d+)\r/g)].map(([, n]) => Number(n))
  expect(numbers).toEqual(Array.from({ length: LINES }, (_, n) => n + 1))
  expect(texts.length).toBeGreaterThan(0)
  expect(refused).toEqual([])
})

/** Also before it knows a language it is ready: then there is nobody to refuse, and nothing to prove it with. */
async function provenOf(address = ''): Promise<boolean> {
  const [page, ready] = [await statusOf(`http://${address}:3000/python`), await statusOf(`http://${address}:3000/readyz`)]
  return page === 200 && ready === 200
}

/** Some 45 s of it, longer than a rollout takes. */
const LINES = 450
const PRINT = `import time
for n in range(1, ${LINES} + 1):
    print(f"line-{n}", flush=True)
    time.sleep(0.1)
print("line-end")
`

/** What the tests' world has built is live in the cluster's own database, with the agent that its nodes got. */
async function deployPython(): Promise<void> {
  const [postgres] = await podsOf('dragoman', 'app.kubernetes.io/name=postgres')
  const secret = await kubectl(['get', 'secret', 'dragoman-database', '-n', 'dragoman', '-o', 'jsonpath={.data.url}'])
  const url = new URL(Buffer.from(secret, 'base64').toString())
  url.host = `${postgres?.status.podIP}:5432`
  const [lang, image] = [langId('python'), digest(testWorld().images.python)]
  if (!lang || !image.ok) throw new Error('The world has no python')
  await deployUntestedAt(url.href, { lang, image: image.value, config: readFileSync(join(TOP, 'langs/python.yaml'), 'utf8') })
}

test('nodes are told to fetch what was asked for most', async () => {
  const set = await kubectl(['exec', '-n', 'dragoman', 'deployment/dragoman', '-c', 'server', '--', 'dragoman', 'prepull'])
  expect(set).toContain(testWorld().images.python)
  expect(await kubectl(['apply', '--dry-run=server', '-f', '-'], set)).toContain('daemonset.apps/prepull created')
})

test('only one server at a time may be drained away', async () => {
  await ready()
  const [first, second] = await podsOf('dragoman', SERVERS)
  const evict = (name = '') => {
    const eviction = { apiVersion: 'policy/v1beta1', kind: 'Eviction', metadata: { name, namespace: 'dragoman' } }
    return kubectl(['create', '--raw', `/api/v1/namespaces/dragoman/pods/${name}/eviction`, '-f', '-'], JSON.stringify(eviction))
  }
  await evict(first?.metadata.name)
  await expect(evict(second?.metadata.name)).rejects.toThrow('disruption budget')
})

/** Every server of the newest version is, and none of another is left. */
const ready = () => kubectl(['rollout', 'status', 'deployment/dragoman', '-n', 'dragoman', '--timeout=58s'])
