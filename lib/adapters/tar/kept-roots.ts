import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { lstat, mkdir, readdir, rename, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'

import type { LaidLayers } from '#lib/application/ports/layers.ts'
import { digestHex } from '#lib/domain/digest.ts'
import { unpackAll } from './unpack.ts'

/** In the work folder. */
const KEPT = 'roots'
/** Nothing is built for so long: what nobody began with since is in nobody's use. */
const UNUSED_MS_MAX = 24 * 60 * 60_000

type Options = { readonly shiftBy: number; readonly signal: AbortSignal }

/**
 * Images unpacked for others to be laid over: nobody writes in them. What was unpacked before the machine was last started
 * may not be on the disk whole, and is not used.
 */
export function keptRoots(workDir: string) {
  const folder = join(workDir, KEPT)
  const making = new Map<string, Promise<void>>()

  async function make(path: string, image: LaidLayers, options: Options): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await removeUnused(folder)
    const { path: fresh, remove } = await unpackAll(image.layers, workDir, options)
    try {
      await rename(fresh, path)
    } catch (error) {
      await remove()
      if (!(await isThere(path))) throw error // else another process was faster
    }
  }

  return async (image: LaidLayers, options: Options): Promise<string> => {
    const path = join(folder, `${digestHex(image.digest)}-${options.shiftBy}-${boot()}`)
    for (;;) {
      options.signal.throwIfAborted()
      if (await isThere(path)) break
      // Of two at once one unpacks. If it gives up, the other does it.
      const other = making.get(path)
      const made = other ?? make(path, image, options).finally(() => making.delete(path))
      if (!other) making.set(path, made)
      await (other ? made.catch(() => undefined) : made)
    }
    const now = new Date()
    await utimes(path, now, now)
    return path
  }
}

async function removeUnused(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const there = await lstat(path).catch(() => undefined) // another process may remove it too
    if (!there || there.mtimeMs > Date.now() - UNUSED_MS_MAX) continue
    // Renamed first: nobody begins with half of it.
    const going = join(folder, `going-${randomUUID()}`)
    await rename(path, going).catch(() => undefined)
    await rm(going, { recursive: true, force: true })
  }
}

const isThere = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  )

const boot = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
