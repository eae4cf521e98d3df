import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'

import { API_VERBS } from '#lib/adapters/kubernetes/api.ts'
import { OVERLAYS, renderedPath } from '../render.ts'
import { install, type Installed } from './installed.ts'
import { kubectl, kubectlJson } from './kubectl.ts'
import { API_SERVICE_ADDRESS, NODE } from './places.ts'

let installed: Installed
beforeAll(async () => {
  installed = await install()
  await kubectl(['rollout', 'status', 'daemonset/agent-cache', '-n', 'dragoman-nodes', '--timeout=55s'])
  await kubectl(['wait', '--for=condition=complete', '-n', 'dragoman', '--timeout=55s', 'job', '--all'])
})
afterAll(() => installed?.end())

type Pods = {
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly status: { readonly podIP?: string } }[]
}
const podsOf = async (namespace: string, selector: string) =>
  (await kubectlJson<Pods>(['get', 'pods', '-n', namespace, '-l', selector])).items

test('one apply brings servers that answer, and a second one changes nothing', async () => {
  await kubectl(['wait', '--for=condition=initialized', '-n', 'dragoman', '--timeout=55s', 'pod', '-l', SERVERS])
  const servers = await podsOf('dragoman', SERVERS)
  expect(servers).toHaveLength(2)
  for (const { status } of servers) {
    await expect.poll(() => statusOf(`http://${status.podIP}:3000/healthz`), PATIENCE).toBe(200)
    expect(await statusOf(`http://${status.podIP}:3000/`)).toBe(200)
    const ready = (await (await fetch(`http://${status.podIP}:3000/readyz`)).json()) as {
      checks: Record<string, { ok: boolean }>
    }
    expect(ready.checks).toMatchObject({ database: { ok: true } })
  }

  const again = await kubectl(['apply', '-f', '-'], installed.manifests)
  expect(again.split('\n').filter((line) => line !== '' && !line.endsWith(' unchanged'))).toEqual([])
})

const SERVERS = 'app.kubernetes.io/component=server'
const PATIENCE = { timeout: 60_000, interval: 500 }
const statusOf = (url: string) =>
  fetch(url, { signal: AbortSignal.timeout(5000) }).then(
    async (answer) => {
      await answer.arrayBuffer()
      return answer.status
    },
    () => 0,
  )

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
  const [registry] = await podsOf('dragoman-nodes', 'app.kubernetes.io/name=registry')
  const at = [`${registry?.status.podIP}:5000`]
  const server = reached('dragoman', 'pusher', at, { 'app.kubernetes.io/name': 'dragoman' })
  expect(await reached('default', 'stranger', at)).toEqual([])
  expect(await server).toEqual(at)
})

test('the servers’ account may do with pods what the code asks for, where it asks for it, and nothing else', async () => {
  const can = async (verb: string, resource: string, namespace: string) =>
    (
      await kubectl(['auth', 'can-i', verb, ...resource.split(' '), '-n', namespace, `--as=${ACCOUNT}`]).catch(() => 'no')
    ).trim() === 'yes'
  for (const namespace of ['dragoman-sessions', 'dragoman-builds'])
    for (const verb of API_VERBS.pods) expect(await can(verb, 'pods', namespace), `${verb} in ${namespace}`).toBe(true)
  const beyond = [
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
  const [postgres] = await podsOf('dragoman', 'app.kubernetes.io/name=postgres')
  const peer = await listener('dragoman-sessions', 'peer')
  const open = await listener('dragoman-nodes', 'open')
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
    reached('dragoman-sessions', 'inside', all),
    reached('dragoman-builds', 'inside', all),
    reached('default', 'outside', all),
    reached('dragoman', 'server', [targets.peer], { 'app.kubernetes.io/component': 'server' }),
  ])

  expect(inside).toEqual([])
  expect(build).toEqual([])
  // The same questions are answered where no rule forbids it, so what is seen above are the rules.
  expect(outside).toEqual(expect.arrayContaining([targets['API server'], targets.kubelet]))
  expect(outside).not.toContain(targets.peer)
  expect(outside).not.toContain(targets.database)
  expect(server).toEqual([targets.peer])
})

const LISTEN = 'require("net").createServer((s) => s.end()).listen(7117)'

/** A pod that listens where agents do; answers its address. */
async function listener(namespace: string, name: string): Promise<string> {
  await kubectl(['apply', '-f', '-'], JSON.stringify(pod(namespace, name, LISTEN)))
  await kubectl(['wait', '--for=condition=ready', `pod/${name}`, '-n', namespace, '--timeout=55s'])
  const found = await kubectlJson<Pods['items'][number]>(['get', 'pod', name, '-n', namespace])
  return found.status.podIP ?? ''
}

const DIAL = `
const dial = (at) => new Promise((done) => {
  const url = new URL('tcp://' + at)
  const socket = require('net').connect(+url.port, url.hostname.replace(/[[\\]]/g, ''))
  socket.setTimeout(4000, () => { socket.destroy(); done([]) })
  socket.on('connect', () => { socket.destroy(); done([at]) })
  socket.on('error', () => done([]))
})
setTimeout(async () => console.log(JSON.stringify((await Promise.all(process.argv.slice(1).map(dial))).flat())), 2000)`

/** Which of the addresses take a connection of a pod there; its first two seconds are the rules' to arrive. */
async function reached(
  namespace: string,
  name: string,
  targets: readonly string[],
  labels: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  await kubectl(['apply', '-f', '-'], JSON.stringify(pod(namespace, name, DIAL, targets, labels)))
  let said = ''
  await expect.poll(async () => (said = await kubectl(['logs', name, '-n', namespace]).catch(() => '')), PATIENCE).not.toBe('')
  await kubectl(['delete', 'pod', name, '-n', namespace, '--grace-period=0', '--wait=false'])
  return JSON.parse(said) as string[]
}

const pod = (namespace: string, name: string, script: string, args: readonly string[] = [], labels = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels },
  spec: {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'probe',
        image: installed.image,
        command: ['node', '-e', script, ...args],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        resources: {
          requests: { cpu: '10m', memory: '32Mi' },
          limits: { cpu: '1', memory: '256Mi', 'ephemeral-storage': '16Mi' },
        },
      },
    ],
  },
})
