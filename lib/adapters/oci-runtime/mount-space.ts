import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { AGENT_IN_ROOT, TOOLS_IN_ROOT } from './bundle.ts'
import { prepareRoot } from './root.ts'

/**
 * A mount namespace of our own, in which the sandboxes' root is put together at a place that everybody may pass through:
 * the state folder often lies below one that only root enters, and a sandbox, which has other ids, could not reach its root
 * there. The host's own namespace sees none of these mounts. It lives as long as this process holds it open or a sandbox
 * runs in it; entering it costs one exec.
 */
export type MountSpace = {
  readonly rootPath: string
  /** The command that runs `argv` inside. */
  enter(argv: readonly string[]): readonly [string, ...string[]]
  close(): void
}

/** Folders that are on every machine and whose content no runtime needs. */
const PLACES = ['/mnt', '/media', '/srv']
/** Room for the small files of the root. They are in memory, so that no path of the host stands in a sandbox's mount table. */
const ROOT_BYTES = 32 * 1024 * 1024

/**
 * Each assembles a root from: $1 place, $2 root, $3 agent, $4 the languages' tools or nothing. A sandbox cannot undo these
 * mounts: they come from a namespace with more rights. A bind of the agent alone would tell every sandbox's mount table where
 * on the host it lies; an overlay names its layers as it was given them, which is relative to the working folder. A kernel
 * without overlays tells.
 */
const AGENT = `
if (cd "\${3%/*}" && mount -t overlay agent -o "ro,lowerdir=.:$root/proc" "$root/run/dragoman") 2>/dev/null; then
  mount --bind "$root/run/dragoman/\${3##*/}" "$root${AGENT_IN_ROOT}"
  umount -l "$root/run/dragoman"
else
  mount --bind "$3" "$root${AGENT_IN_ROOT}"
fi
`
/** The machine's own: its /usr, and small files beside it. */
const MACHINE = `
set -e
root=$1
mount -t tmpfs -o size=${ROOT_BYTES},mode=755 dragoman "$1"
cp -a "$2/." "$1/"
mount --rbind /usr "$1/usr"
${AGENT}
if [ -n "$4" ]; then
  (cd "$4" && mount -t overlay tools -o "ro,lowerdir=.:$1/proc" "$1${TOOLS_IN_ROOT}") 2>/dev/null ||
    mount --bind "$4" "$1${TOOLS_IN_ROOT}"
fi
`
/** An image's, which has its own of everything. What is put together must not lie in a folder of the machine's that has files. */
const IMAGE = `
set -e
root=$1/root
mount -t tmpfs -o size=64k,mode=755 dragoman "$1"
mkdir "$1/root" "$1/none"
(cd "$2" && mount -t overlay image -o "ro,lowerdir=.:$1/none" "$root") 2>/dev/null || mount --bind "$2" "$root"
${AGENT}
`
const SEAL = `
mounts=$(cat /proc/self/mountinfo)
while read -r _ _ _ _ at _; do
  case "$at" in "$1"|"$root"|"$root/usr"|"$root/usr/"*|"$root${AGENT_IN_ROOT}"|"$root${TOOLS_IN_ROOT}") mount -o remount,bind,ro,nosuid,nodev "$at" ;; esac
done <<EOF
$mounts
EOF
echo ready
read -r _
`

/** Makes the root and the namespace that has it; what is on disk for it is needed only meanwhile. */
export async function assembleRoot(
  stateDir: string,
  agentPath: string,
  runtimePath: string,
  toolsPath?: string,
): Promise<MountSpace> {
  const root = await mkdtemp(join(stateDir, 'root-'))
  try {
    await prepareRoot(root)
    return await openMountSpace(MACHINE, [root, agentPath, toolsPath ?? ''], [stateDir, runtimePath])
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** The same on an unpacked image; its folder has to stay as long as anything runs there. */
export async function assembleImage(image: string, agentPath: string, needed: readonly string[]): Promise<MountSpace> {
  const space = await openMountSpace(IMAGE, [image, agentPath, ''], needed)
  return { ...space, rootPath: join(space.rootPath, 'root') }
}

async function openMountSpace(assemble: string, parts: readonly string[], needed: readonly string[]): Promise<MountSpace> {
  const apart = [...parts, ...needed]
  const place = PLACES.find((candidate) => apart.every((path) => !path.startsWith(`${candidate}/`)))
  if (!place) throw new Error(`Cannot place the sandboxes' root: each of ${PLACES.join(', ')} holds something that is needed`)

  const command = ['sh', '-c', `${assemble}${SEAL}`, 'sh', place, ...parts]
  const child = spawn('unshare', ['--mount', '--propagation', 'slave', ...command], { stdio: ['pipe', 'pipe', 'pipe'] })
  const failed = text(child.stderr)
  const ready = new Promise<boolean>((resolve, reject) => {
    child.once('error', reject)
    child.stdout.once('data', () => resolve(true))
    child.once('exit', () => resolve(false))
  })
  if (!(await ready)) throw new Error(`Cannot put the sandboxes' root together: ${(await failed).trim()}`)

  const space = openSync(`/proc/${child.pid}/ns/mnt`, 'r')
  const left = new Promise((resolve) => child.once('exit', resolve))
  child.stdin.end('\n')
  await left
  let open = true
  return {
    rootPath: place,
    enter: (argv) => ['nsenter', `--mount=/proc/${process.pid}/fd/${space}`, '--', ...argv],
    close: () => {
      if (open) closeSync(space)
      open = false
    },
  }
}
