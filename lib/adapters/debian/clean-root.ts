import { appendFile, chmod, chown, lstat, mkdir, opendir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** What differs from one making to the next, or tells of the machine it was made on. */
const FILES = ['etc/.pwd.lock', 'etc/machine-id', 'etc/hostname', 'etc/resolv.conf', 'etc/apt/sources.list']
const CONTENTS = [
  ...['boot', 'dev', 'media', 'mnt', 'proc', 'run', 'sys', 'tmp'],
  ...['etc/apt/sources.list.d', 'var/backups', 'var/cache/apt', 'var/cache/ldconfig', 'var/lib/apt/lists', 'var/log', 'var/tmp'],
]
/** Copies that tools keep of what was before (`passwd-`, `status-old`), and their locks. */
const BACKUPS: readonly (readonly [folder: string, name: RegExp])[] = [
  ['etc', /-$/],
  ['var/lib/dpkg', /-old$|^lock/],
  ['var/cache/debconf', /-old$/],
]
/** What sandboxes mount on, what apt wants to find, and where alternatives of manuals are linked that nobody has. */
const FOLDERS = [
  ...['home/visitor', 'opt/dragoman', 'run/dragoman', 'var/lib/apt/lists/partial', 'var/cache/apt/archives/partial'],
  ...Array.from({ length: 9 }, (_, n) => `usr/share/man/man${n + 1}`),
]
const VISITOR = 1000
const SET_ID = 0o6000

/** Leaves in a fresh system what its packages brought, adds who programs run as, and no more. Nobody else has written in it. */
export async function cleanRoot(root: string): Promise<void> {
  for (const file of FILES) await rm(join(root, file), { force: true })
  for (const folder of CONTENTS) {
    for (const name of await readdir(join(root, folder)).catch(() => [])) await rm(join(root, folder, name), { recursive: true })
  }
  for (const [folder, pattern] of BACKUPS) {
    for (const name of await readdir(join(root, folder)).catch(() => []))
      if (pattern.test(name)) await rm(join(root, folder, name))
  }
  for (const folder of FOLDERS) await mkdir(join(root, folder), { recursive: true })
  await appendFile(join(root, 'etc/passwd'), `visitor:x:${VISITOR}:${VISITOR}:Visitor:/home/visitor:/bin/bash\n`)
  await appendFile(join(root, 'etc/group'), `visitor:x:${VISITOR}:\n`)
  await chown(join(root, 'home/visitor'), VISITOR, VISITOR)
  await chmod(join(root, 'home/visitor'), 0o700)
  await dropSetId(root)
}

/** In a sandbox nothing may become somebody else; so no file offers it. */
async function dropSetId(folder: string): Promise<void> {
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await dropSetId(path)
    if (!entry.isFile()) continue
    const { mode } = await lstat(path)
    if (mode & SET_ID) await chmod(path, mode & 0o7777 & ~SET_ID)
  }
}
