import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, chown, lstat, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { type BegunRoot, type LaidLayers, overlayOptions } from '#lib/application/ports/layers.ts'
import { keptRoots } from './kept-roots.ts'
import { listTree } from './list-tree.ts'
import { packChanges } from './pack-changes.ts'

const run = promisify(execFile)
/** $1 root, $2 options, and then a command, which finds the whole at `view`. Only it sees the mount. */
const ENTER = 'cd "$1" && rm -rf work && mkdir work && mount -t overlay -o "$2" overlay view && shift 2 && exec "$@"'

type Options = { readonly shiftBy: number; readonly signal: AbortSignal }

/** Roots that begin as images do. Each image is unpacked once. */
export function beginIn(workDir: string) {
  const kept = keptRoots(workDir)
  let hasOverlays: Promise<boolean> | undefined

  return async (image: LaidLayers, { shiftBy, signal }: Options): Promise<BegunRoot> => {
    const began = await kept(image, { shiftBy, signal })
    const path = join(workDir, `root-${randomUUID()}`)
    const remove = () => rm(path, { recursive: true, force: true })
    try {
      await makePlace(path, began)
      hasOverlays ??= canOverlay(path, began)
      const isOver = await hasOverlays
      if (!isOver) {
        await remove()
        await run('cp', ['-a', '--reflink=auto', began, path], { signal })
      }
      const whole = isOver ? join(path, 'view') : path
      const changes = isOver ? join(path, 'upper') : path
      const before = await listTree(isOver ? began : path)
      return {
        path,
        ...(isOver && { over: began }),
        began,
        changes,
        remove,
        async pack(options) {
          const after = await listTree(whole, isOver ? entering(path, began) : [])
          return packChanges([before, after], changes, workDir, { ...options, shiftedBy: shiftBy })
        },
      }
    } catch (error) {
      await remove()
      throw error
    }
  }
}

/** The root itself is what the upper folder is. */
async function makePlace(path: string, began: string): Promise<void> {
  for (const each of ['upper', 'view']) await mkdir(join(path, each), { recursive: true })
  const { uid, gid, mode } = await lstat(began)
  await chown(join(path, 'upper'), uid, gid)
  await chmod(join(path, 'upper'), mode & 0o7777)
}

const entering = (path: string, began: string) => [
  ...['unshare', '--mount', 'sh', '-c', ENTER, 'sh', path, overlayOptions(path, began)],
]

/** Not every file system can be written over another. */
async function canOverlay(path: string, began: string): Promise<boolean> {
  const [command = '', ...args] = [...entering(path, began), 'true']
  return run(command, args).then(
    () => true,
    () => false,
  )
}
