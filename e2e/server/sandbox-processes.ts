import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import type { OwnServer } from '../../cli/own-server.ts'

const TOP = resolve(import.meta.dirname, '../..')

/** Names of the sandboxes that the server with this data folder knows of on disk. */
export function sandboxesIn(name: string): string[] {
  try {
    return readdirSync(join(TOP, '.dragoman', name, 'sandboxes', 'live')).filter((entry) => entry.startsWith('sb'))
  } catch {
    return []
  }
}

/** Agents below this server's own control group, by process id. */
export function agentsOf(server: OwnServer): number[] {
  return pids().filter((pid) => read(pid, 'cmdline').startsWith('/dragoman-agent') && seenBy(server, pid))
}

export function signalAgents(server: OwnServer, signal: NodeJS.Signals): void {
  for (const pid of agentsOf(server)) process.kill(pid, signal)
}

/** For a server that must not survive its test whatever happened. */
export async function killTree(server: OwnServer): Promise<void> {
  signalAgents(server, 'SIGKILL')
  await server.stop()
}

const slices = new Map<OwnServer, string>()

/** A sandbox is a server's when its id stood in that server's folder; the group's name is remembered for afterwards. */
function seenBy(server: OwnServer, pid: number): boolean {
  const group =
    /^\d+:pids:(\S*\/dragoman-[^/]+)\/(sb[0-9a-f]+)/m.exec(read(pid, 'cgroup')) ??
    /^0::(\S*\/dragoman-[^/]+)\/(sb[0-9a-f]+)/m.exec(read(pid, 'cgroup'))
  const [, slice = '', id = ''] = group ?? []
  if (!slices.has(server) && sandboxesIn(server.name).includes(id)) slices.set(server, slice)
  return slices.get(server) === slice
}

const pids = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // it has gone meanwhile
  }
}
