import { execFile } from 'node:child_process'
import { chown, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Debian's `nobody` and `nogroup`. */
const NOBODY = 65534
const AS_NOBODY_INSIDE = ['unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--'] as const
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'] as const

/** How PostgreSQL is started, which refuses to run as root: words before its command, and who must own its folders. */
export type RunAs = { readonly prefix: readonly string[]; readonly owner: number | undefined }

/**
 * As any other user: as it is. As root: in a user namespace where our own id is called nobody, so that it keeps our files
 * and passes our folders, but has no capability. Where the kernel gives no such namespace: as the real nobody.
 */
export async function runAs(uid = process.getuid?.()): Promise<RunAs> {
  if (uid !== 0) return { prefix: [], owner: undefined }
  return (await namespacesAreOpen()) ? { prefix: AS_NOBODY_INSIDE, owner: undefined } : asNobody
}

export const asNobody: RunAs = { prefix: AS_NOBODY, owner: NOBODY }

async function namespacesAreOpen(): Promise<boolean> {
  const [command, ...args] = AS_NOBODY_INSIDE
  return run(command, [...args, 'true']).then(
    () => true,
    () => false,
  )
}

/** Gives a folder and all in it to the owner that {@link RunAs} names. */
export async function giveTo(owner: number | undefined, folder: string): Promise<void> {
  if (owner === undefined) return
  await chown(folder, owner, owner)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  await Promise.all(
    entries.filter((e) => e.isFile() || e.isDirectory()).map((e) => chown(join(e.parentPath, e.name), owner, owner)),
  )
}
