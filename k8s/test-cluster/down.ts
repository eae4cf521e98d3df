import { existsSync, globSync, rmdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'

import { tool } from '../../cli/setup/tool.ts'
import { FIXED_FOLDERS, mountsOf, NETWORK_FILES, POD_GROUPS } from './left.ts'
import { removeNetwork } from './network.ts'
import type { Places } from './places.ts'
import { cameTrue, endProgram, killGroup, pidsWith, signal } from './processes.ts'
import { programs } from './programs.ts'

const GONE_MS_MAX = 10_000

/** Ends all that `bringUp` started and removes what it made, but for the built programs; may be asked when nothing runs. */
export async function takeDown(places: Places): Promise<void> {
  if (!existsSync(places.run)) return
  const all = programs(places)
  // Who would start something again ends first.
  for (const name of [
    'kubelet',
    'controllers',
    'scheduler',
    'enforcer',
    'proxy',
    'apiserver',
    'etcd',
    'registry',
    'podsRegistry',
  ] as const) {
    await endProgram(places.run, all[name])
  }
  globSync(POD_GROUPS).forEach(killGroup)
  const shims = () =>
    pidsWith(([command, ...words]) => Boolean(command?.endsWith('shim-runc-v2')) && words.includes(places.containerdSocket))
  shims().forEach(signal)
  await cameTrue(GONE_MS_MAX, () => shims().length === 0)
  await endProgram(places.run, all.containerd)
  for (const mount of mountsOf(places)) await tool('umount', ['--lazy', mount])
  await removeNetwork(places)
  for (const folder of globSync(POD_GROUPS)) await cameTrue(GONE_MS_MAX, () => removedGroup(folder))
  for (const path of [...FIXED_FOLDERS, ...globSync(NETWORK_FILES), places.run]) await rm(path, { recursive: true, force: true })
}

/** Groups without processes go with rmdir, those below first. */
function removedGroup(folder: string): boolean {
  try {
    for (const path of globSync(`${folder}/**/`).toSorted().toReversed()) rmdirSync(path)
    return !existsSync(folder)
  } catch {
    return !existsSync(folder) // a process takes a moment to go
  }
}
