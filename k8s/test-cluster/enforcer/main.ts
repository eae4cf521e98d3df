// Makes the network policies of the test cluster true, by the packet filter of this machine. Real clusters have an engine of their own.
import { execFileSync, type ExecFileSyncOptions } from 'node:child_process'

import { keepAddresses } from './addresses.ts'
import type { Namespace, Pod, Policy } from './objects.ts'
import { ENTRY, rules, TABLE } from './rules.ts'
import { keepAll, openApi } from './watch.ts'

/** Changes that come together are one step. */
const TOGETHER_MS = 5
/** What goes on to others, and what stays on this machine. */
const HOOKS = ['FORWARD', 'INPUT']

const [, , kubeconfig = ''] = process.argv
const api = openApi(kubeconfig)

const pods = keepAll<Pod>(api, '/api/v1/pods')
const namespaces = keepAll<Namespace>(api, '/api/v1/namespaces')
const policies = keepAll<Policy>(api, '/apis/networking.k8s.io/v1/networkpolicies')
const addresses = keepAddresses()
const kept = [pods, namespaces, policies]
// Half of what there is would be rules that let pass what must not.
await Promise.all(kept.map(({ listed }) => listed))

let timer: NodeJS.Timeout | undefined
let inForce = ''
const changed = () => (timer ??= setTimeout(enforce, TOGETHER_MS))
for (const { onChange } of [...kept, addresses]) onChange(changed)
enforce()
HOOKS.forEach(hook)

function enforce(): void {
  timer = undefined
  const text = rules({ pods: pods.all().map(withAddress), namespaces: namespaces.all(), policies: policies.all() })
  if (text === inForce) return
  execFileSync('iptables-restore', ['--noflush', '--wait'], { input: text })
  inForce = text
}

/** The API's word, or before it has one the network's own. */
function withAddress(pod: Pod): Pod {
  const podIP = pod.status?.podIP ?? addresses.of(pod.metadata.uid)
  return podIP === undefined ? pod : { ...pod, status: { ...pod.status, podIP } }
}

/** Unless it is there from a run before this one. */
function hook(chain: string): void {
  const iptables = (verb: string, options: ExecFileSyncOptions = {}) =>
    execFileSync('iptables', ['--wait', '-t', TABLE, verb, chain, '-j', ENTRY], options)
  try {
    iptables('-C', { stdio: 'ignore' })
  } catch {
    iptables('-I')
  }
}
