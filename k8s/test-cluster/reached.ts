import { setTimeout } from 'node:timers/promises'

import { kubectl, kubectlJson } from './kubectl.ts'

/** A pod's own words come late on a busy machine. */
const SAID_MS_MAX = 60_000
const LOOK_MS = 500

const LISTEN = 'require("net").createServer((s) => s.end()).listen(7117)'

/** A pod that listens where agents do; answers its address. */
export async function listener(image: string, namespace: string, name: string): Promise<string> {
  await kubectl(['apply', '-f', '-'], JSON.stringify(pod(image, namespace, name, LISTEN)))
  await kubectl(['wait', '--for=condition=ready', `pod/${name}`, '-n', namespace, '--timeout=55s'])
  const found = await kubectlJson<{ readonly status: { readonly podIP?: string } }>(['get', 'pod', name, '-n', namespace])
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
export async function reached(
  image: string,
  namespace: string,
  name: string,
  targets: readonly string[],
  labels: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  await kubectl(['apply', '-f', '-'], JSON.stringify(pod(image, namespace, name, DIAL, targets, labels)))
  let said = ''
  for (const deadline = performance.now() + SAID_MS_MAX; said === '' && performance.now() < deadline; await setTimeout(LOOK_MS)) {
    said = await kubectl(['logs', name, '-n', namespace]).catch(() => '')
  }
  await kubectl(['delete', 'pod', name, '-n', namespace, '--grace-period=0', '--wait=false'])
  return JSON.parse(said) as string[]
}

const pod = (image: string, namespace: string, name: string, script: string, args: readonly string[] = [], labels = {}) => ({
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
        image,
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
