import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { apply, kubectl, kubectlJson } from '../kubectl.ts'
import { type OwnNamespace, ownNamespace } from '../own-namespace.ts'
import { API_SERVICE_ADDRESS, NODE } from '../places.ts'
import { testWorld } from '../world.ts'
import { UNENFORCED_LABEL } from './rules.ts'

/** Enough for a packet on one machine, and for none that is dropped. */
const CONNECT_SECONDS = 1
const OPEN = 7117
const OTHER = 8000
/** How soon after `kubectl apply` a policy is in force. */
const IN_FORCE_MS_MAX = 10_000

const LISTEN = `
import socket, time
open = [socket.create_server(('', port)) for port in (${OPEN}, ${OTHER})]
time.sleep(3600)`

/** Tries all at once, so that what is dropped costs its time once. */
const CONNECT = `
import asyncio, json, sys
async def reaches(target):
    host, port = target.split(':')
    try:
        await asyncio.wait_for(asyncio.open_connection(host, int(port)), ${CONNECT_SECONDS})
        return True
    except Exception:
        return False
async def main(targets):
    print(json.dumps(await asyncio.gather(*map(reaches, targets))))
asyncio.run(main(sys.argv[1:]))`

let sandboxes: OwnNamespace
let servers: OwnNamespace
let free: OwnNamespace
const ip = { sandbox: '', peer: '', server: '', free: '' }

beforeAll(async () => {
  ;[sandboxes, servers, free] = await Promise.all([
    ownNamespace('enforcer-sandboxes'),
    ownNamespace('enforcer-servers', { 'dragoman.dev/test-role': 'servers' }),
    ownNamespace('enforcer-free', { [UNENFORCED_LABEL]: 'true' }),
  ])
  await apply(
    listener('sandbox', sandboxes.name),
    listener('peer', sandboxes.name),
    listener('server', servers.name),
    listener('free', free.name),
  )
  const [a, b, c, d] = await Promise.all([
    address('sandbox', sandboxes.name),
    address('peer', sandboxes.name),
    address('server', servers.name),
    address('free', free.name),
  ])
  Object.assign(ip, { sandbox: a, peer: b, server: c, free: d })
})
afterAll(() => Promise.all([sandboxes, servers, free].map((namespace) => namespace?.end())))

test('without a policy everything reaches everything', async () => {
  expect(await fromSandbox()).toEqual({ peer: true, node: true, apiService: true, server: true })
  expect(await intoSandbox()).toEqual({ peer: true, server: true, serverOther: true, machine: true })
})

test('a policy holds in each direction, for pods, the node and services, and passes what it allows', async () => {
  for (const { name } of [sandboxes, free]) await apply(denyAll(name))
  await apply(allowServers(sandboxes.name))

  await expect
    .poll(fromSandbox, { timeout: IN_FORCE_MS_MAX })
    .toEqual({ peer: false, node: false, apiService: false, server: false })
  // The machine stands for the node itself, which every engine lets through to its pods.
  expect(await intoSandbox()).toEqual({ peer: false, server: true, serverOther: false, machine: true })
})

test('a namespace that says so has its policies accepted and not enforced', async () => {
  expect(await reaches('free', free.name, [`${ip.server}:${OPEN}`, `${NODE.address}:6443`])).toEqual([true, true])
  expect(await reaches('server', servers.name, [`${ip.free}:${OTHER}`])).toEqual([true])
})

test('a block that is allowed without a part of it lets out to the rest only', async () => {
  const but = { cidr: '0.0.0.0/0', except: [`${ip.peer}/32`, `${NODE.address}/32`] }
  await apply(policy('out', sandboxes.name, { policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: but }] }] }))

  await expect
    .poll(fromSandbox, { timeout: IN_FORCE_MS_MAX })
    .toEqual({ peer: false, node: false, apiService: false, server: true })
})

test('a pod that has just begun is never free for a moment, and one of an open namespace is from the first', async () => {
  await apply(denyAll(servers.name))
  const targets = `[('${ip.free}', ${OPEN}), ('${NODE.address}', 6443)]`
  const program = (seconds: number) => `
import socket, time
until, found = time.time() + ${seconds}, set()
while True:
    for target in ${targets}:
        try:
            socket.create_connection(target, 0.3).close()
            found.add(target[0])
        except OSError:
            pass
    if time.time() > until: break
print('reached', sorted(found))`
  await apply(pod('early', servers.name, program(4)), pod('early', free.name, program(0)))
  const said = (namespace: string) => kubectl(['logs', 'early', '-n', namespace]).catch(String)
  for (const { name } of [servers, free]) await expect.poll(() => said(name), { timeout: 30_000 }).toContain('reached')
  expect(await said(servers.name)).toBe('reached []\n')
  expect(await said(free.name)).toBe(
    `reached ${JSON.stringify([ip.free, NODE.address].toSorted()).replaceAll('"', "'").replace(',', ', ')}\n`,
  )
})

async function fromSandbox() {
  const targets = [`${ip.peer}:${OPEN}`, `${NODE.address}:6443`, `${API_SERVICE_ADDRESS}:443`, `${ip.server}:${OPEN}`]
  const [peer, node, apiService, server] = await reaches('sandbox', sandboxes.name, targets)
  return { peer, node, apiService, server }
}

async function intoSandbox() {
  const [[peer], [server, serverOther], machine] = await Promise.all([
    reaches('peer', sandboxes.name, [`${ip.sandbox}:${OPEN}`]),
    reaches('server', servers.name, [`${ip.sandbox}:${OPEN}`, `${ip.sandbox}:${OTHER}`]),
    machineReaches(ip.sandbox),
  ])
  return { peer, server, serverOther, machine }
}

async function reaches(name: string, namespace: string, targets: readonly string[]): Promise<boolean[]> {
  return JSON.parse(await kubectl(['exec', name, '-n', namespace, '--', 'python3', '-c', CONNECT, ...targets])) as boolean[]
}

const machineReaches = (host: string) =>
  new Promise<boolean>((done) => {
    const socket = connect({ host, port: OPEN, timeout: CONNECT_SECONDS * 1000 })
    const end = (isOpen: boolean) => {
      socket.destroy()
      done(isOpen)
    }
    socket.once('connect', () => end(true))
    socket.once('timeout', () => end(false)).once('error', () => end(false))
  })

const image = () => `${new URL(testWorld().registryUrl).host}/lang/python@${testWorld().images.python}`

const pod = (name: string, namespace: string, program: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, labels: { name } },
  spec: {
    restartPolicy: 'Never',
    enableServiceLinks: false,
    automountServiceAccountToken: false,
    containers: [{ name: 'main', image: image(), command: ['python3', '-c', program] }],
  },
})
const listener = (name: string, namespace: string) => pod(name, namespace, LISTEN)

async function address(name: string, namespace: string): Promise<string> {
  await kubectl(['wait', '--for=condition=Ready', `pod/${name}`, '-n', namespace, '--timeout=60s'])
  const { status } = await kubectlJson<{ status: { podIP: string } }>(['get', 'pod', name, '-n', namespace])
  return status.podIP
}

const policy = (name: string, namespace: string, spec: object) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace },
  spec: { podSelector: {}, ...spec },
})
const denyAll = (namespace: string) => policy('deny', namespace, { policyTypes: ['Ingress', 'Egress'] })
const allowServers = (namespace: string) => {
  const from = [{ namespaceSelector: { matchLabels: { 'dragoman.dev/test-role': 'servers' } } }]
  return policy('servers', namespace, { policyTypes: ['Ingress'], ingress: [{ from, ports: [{ port: OPEN }] }] })
}
