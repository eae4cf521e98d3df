import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { PackedLayer } from '#lib/application/ports/layers.ts'
import { changesBetween, type Tree } from '#lib/domain/tree-changes.ts'
import { pack } from './pack.ts'
import { whiteoutsIn } from './whiteouts.ts'

type How = { readonly begin: Date; readonly fallback: Date; readonly shiftedBy: number; readonly signal: AbortSignal }

/** What has changed, found in a folder, as a layer, and what went as whiteouts; owners as they were before they were shifted. */
export async function packChanges(
  [before, after]: readonly [Tree, Tree],
  folder: string,
  workDir: string,
  { begin, fallback, shiftedBy, signal }: How,
) {
  const changes = changesBetween(before, after, begin)
  const newest = changes.newest > fallback ? changes.newest : fallback
  await mkdir(workDir, { recursive: true })
  const lists = await mkdtemp(join(workDir, 'lists-'))
  const whiteouts = await whiteoutsIn(workDir, changes.removed)
  const list = async (name: string, lines: readonly string[], end: string) => {
    const path = join(lists, name)
    await writeFile(path, lines.map((line) => `${line}${end}`).join(''), 'latin1')
    return path
  }
  const owned = (field: 'uid' | 'gid') =>
    unshifted(new Set(changes.changed.map((path) => after.get(path)?.[field] ?? 0)), shiftedBy)
  try {
    const what = [
      `--owner-map=${await list('uids', owned('uid'), '\n')}`,
      `--group-map=${await list('gids', owned('gid'), '\n')}`,
      ...['--null', '--verbatim-files-from', '--no-recursion'],
      ...[`--directory=${folder}`, `--files-from=${await list('changed', changes.changed, '\0')}`],
      ...[`--directory=${whiteouts.folder}`, `--files-from=${await list('removed', whiteouts.names, '\0')}`],
    ]
    const packed: PackedLayer = await pack(what, workDir, { newest, signal })
    return { ...packed, newest }
  } finally {
    await whiteouts.remove()
    await rm(lists, { recursive: true })
  }
}

/** Lines such as `+2000000033 www-data:33`; the names are for nobody, since tar writes numbers. */
const unshifted = (ids: ReadonlySet<number>, by: number) => [...ids].filter((id) => id >= by).map((id) => `+${id} x:${id - by}`)
