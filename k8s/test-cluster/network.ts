import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { mustRun, tool } from '../../cli/setup/tool.ts'
import { RULES, TABLES } from './left.ts'
import { NODE, type Places } from './places.ts'

const FORWARDING = '/proc/sys/net/ipv4/ip_forward'
/** What it was before, for whoever puts it back. */
const kept = ({ run }: Places) => join(run, 'ip-forward.before')

/** An address that the node has to itself: kubelet refuses a loopback one. Packets of pods are passed on. */
export async function makeNetwork(places: Places): Promise<void> {
  await mustRun('ip', ['link', 'add', NODE.link, 'type', 'bridge'])
  await mustRun('ip', ['address', 'add', `${NODE.address}/24`, 'dev', NODE.link])
  await mustRun('ip', ['link', 'set', NODE.link, 'up'])
  await writeFile(kept(places), await readFile(FORWARDING, 'utf8'))
  await writeFile(FORWARDING, '1')
}

/** Also what kube-proxy and the network plugins left: their rules, and the spaces of pods that were killed. */
export async function removeNetwork(places: Places): Promise<void> {
  const { stdout } = await tool('ip', ['netns', 'list'])
  for (const name of stdout.match(/^cni-\S+/gm) ?? []) await tool('ip', ['netns', 'delete', name])
  await tool(join(places.bin, 'kube-proxy'), ['--cleanup'])
  for (const table of TABLES) await removeRules(table)
  await tool('ip', ['link', 'delete', NODE.link])
  const before = await readFile(kept(places), 'utf8').catch(() => undefined)
  if (before !== undefined) await writeFile(FORWARDING, before)
}

async function removeRules(table: string): Promise<void> {
  const { stdout } = await tool('iptables-save', ['-t', table])
  const lines = stdout.split('\n')
  if (!lines.some((line) => RULES.test(line))) return
  const rules = lines.filter((line) => line.startsWith('-A ') && RULES.test(line))
  for (const rule of rules) await tool('sh', ['-c', `iptables -t ${table} ${rule.replace('-A', '-D')}`])
  const chains = lines.flatMap((line) => /^:(\S+)/.exec(line)?.[1] ?? []).filter((chain) => RULES.test(chain))
  for (const chain of chains) await tool('iptables', ['-t', table, '-X', chain])
}
