import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'

import type { BadTree } from '#lib/application/ports/debs.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

/** As images may have; see lib/domain/layer-entry.ts. A package is only one part of one. */
export const TREE_LIMITS = { entriesMax: 500_000, bytesMax: 8 * 1024 ** 3, depthMax: 64 } as const

/** Looks at all of what is to be packed, following nothing: files, folders and links, and not too many. */
export async function measureTree(
  root: string,
  signal: AbortSignal,
  limits: { readonly [Name in keyof typeof TREE_LIMITS]: number } = TREE_LIMITS,
): Promise<Result<{ readonly bytes: number }, BadTree>> {
  const bad = (why: string) => err({ code: 'bad_package' as const, why })
  const top = await lstat(root).catch(() => undefined)
  if (!top?.isDirectory()) return bad('its content is no folder')

  let [entries, bytes] = [0, 0]
  const folders: { readonly path: string; readonly depth: number }[] = [{ path: '', depth: 0 }]
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    signal.throwIfAborted()
    if (folder.depth > limits.depthMax) return bad(`it is deeper than ${limits.depthMax} folders`)
    for await (const entry of await opendir(join(root, folder.path))) {
      const path = `${folder.path}${folder.path && '/'}${entry.name}`
      if (++entries > limits.entriesMax) return bad(`it has more than ${limits.entriesMax} entries`)
      if (entry.isDirectory()) folders.push({ path, depth: folder.depth + 1 })
      else if (entry.isFile()) bytes += (await lstat(join(root, path))).size
      else if (!entry.isSymbolicLink()) return bad(`${JSON.stringify(path)} is no file, folder or link`)
      if (bytes > limits.bytesMax) return bad(`its files have more than ${limits.bytesMax} bytes`)
    }
  }
  return ok({ bytes })
}
