import { existsSync, globSync, readFileSync } from 'node:fs'

import { tool } from '../../cli/setup/tool.ts'
import { NODE, type Places } from './places.ts'
import { pidsWith } from './processes.ts'

/** kubelet's own group; without a k3s beside us, which is used instead, it is only ours. */
export const POD_GROUPS = '/sys/fs/cgroup/{,*/}kubepods'

/** Where kubelet writes whatever it is told: what a run made there goes with it. */
export const FIXED_FOLDERS = ['/var/log/pods', '/var/log/containers', '/var/lib/kubelet']
/** The same of the network's plugins, but others on this machine may use them too. */
export const NETWORK_FILES = '/var/lib/cni/results/{cni-loopback,test-cluster}-*'
/** Of them, one for each pod with an address. */
export const POD_ADDRESSES = '/var/lib/cni/results/test-cluster-*-eth0'

/** Rules and chains that only a cluster makes. Those of one that is not ours are not here: we do not start beside one. */
export const RULES = /\b(?:CNI-|KUBE-|TEST-POLICY)/
export const TABLES = ['filter', 'nat', 'mangle'] as const

/** Mounts of the run, deepest first. */
export const mountsOf = ({ run }: Places): string[] =>
  readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? [])
    .filter((path) => path.startsWith(`${run}/`))
    .toSorted()
    .toReversed()

/** What a cluster that was taken down left on this machine, a line each: nothing, if all went well. */
export async function leftOnMachine(places: Places): Promise<string[]> {
  const pids = pidsWith((words) => words.some((word) => word.includes(`${places.run}/`)))
  const [links, rules] = await Promise.all([tool('ip', ['-brief', 'link']), Promise.all(TABLES.map(rulesOf))])
  return [
    ...pids.map((pid) => `process ${pid}`),
    ...mountsOf(places).map((path) => `mount ${path}`),
    ...FIXED_FOLDERS.filter((path) => existsSync(path)).map((path) => `folder ${path}`),
    ...globSync(NETWORK_FILES).map((path) => `file ${path}`),
    ...globSync(POD_GROUPS).map((path) => `group ${path}`),
    ...(links.stdout.includes(NODE.link) ? [`link ${NODE.link}`] : []),
    ...rules.flat().map((rule) => `packet filter ${rule}`),
  ]
}

const rulesOf = async (table: string) =>
  (await tool('iptables-save', ['-t', table])).stdout.split('\n').filter((line) => RULES.test(line))
