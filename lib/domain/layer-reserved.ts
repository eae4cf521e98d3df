import type { LayerEntry } from './layer-entry.ts'

/** Where the runtime mounts something, or programs look first: real folders, never links. */
export const RESERVED: ReadonlySet<string> = new Set([
  ...['dev', 'etc', 'home', 'opt', 'proc', 'root', 'run', 'sys', 'tmp', 'usr', 'var'],
  ...['usr/bin', 'usr/lib', 'usr/sbin', 'var/lib', 'var/tmp', 'home/visitor', 'opt/dragoman', 'run/dragoman'],
])
/** Filled by the kernel or by us when a sandbox starts. */
export const EMPTY = ['dev', 'proc', 'sys', 'home/visitor', 'run/dragoman', 'tmp', 'var/tmp']
/** Links into /usr on a system whose /usr is whole. */
const USR_LINKS: ReadonlySet<string> = new Set(['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libo32', 'libx32'])
/** The agent is mounted there. */
const OURS: ReadonlySet<string> = new Set(['dragoman-agent'])

/** Why the path is not for an image's layer to have like that. */
export function reservedProblem({ path, kind, target }: LayerEntry): string | undefined {
  if (OURS.has(path)) return "that name is the agent's"
  if (RESERVED.has(path) && kind !== 'folder') return 'it has to be a folder'
  const full = EMPTY.find((folder) => path.startsWith(`${folder}/`))
  if (full) return `"${full}" has to be empty`
  if (USR_LINKS.has(path) && kind !== 'folder' && !(kind === 'symlink' && target === `usr/${path}`)) {
    return `it has to be a folder or a link to "usr/${path}"`
  }
  return undefined
}
