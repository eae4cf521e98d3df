import { lstat, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { PackedLayer } from '#lib/application/ports/layers.ts'
import { changesSince, type Snapshot, whiteoutsIn } from './changes.ts'
import { pack } from './pack.ts'

type How = { readonly begin: Date; readonly fallback: Date; readonly shiftedBy: number; readonly signal: AbortSignal }

/** What has changed as a layer, and what went as whiteouts; owners as they were before they were shifted. */
export async function packChanges(root: string, workDir: string, before: Snapshot, { begin, fallback, shiftedBy, signal }: How) {
  const changes = await changesSince(before, root, begin)
  const newest = changes.newest > fallback ? changes.newest : fallback
  await mkdir(workDir, { recursive: true })
  const lists = await mkdtemp(join(workDir, 'lists-'))
  const whiteouts = await whiteoutsIn(workDir, changes.removed)
  const list = async (name: string, lines: readonly string[], end: string) => {
    const path = join(lists, name)
    await writeFile(path, lines.map((line) => `${line}${end}`).join(''))
    return path
  }
  try {
    const [uids, gids] = await ownersOf(root, changes.changed, shiftedBy)
    const what = [
      `--owner-map=${await list('uids', uids, '\n')}`,
      `--group-map=${await list('gids', gids, '\n')}`,
      ...['--null', '--verbatim-files-from', '--no-recursion'],
      ...[`--directory=${root}`, `--files-from=${await list('changed', changes.changed, '\0')}`],
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
async function ownersOf(root: string, paths: readonly string[], by: number): Promise<[string[], string[]]> {
  const [uids, gids] = [new Set<number>(), new Set<number>()]
  for (const path of paths) {
    const { uid, gid } = await lstat(join(root, path))
    uids.add(uid)
    gids.add(gid)
  }
  const lines = (ids: ReadonlySet<number>) => [...ids].filter((id) => id >= by).map((id) => `+${id} x:${id - by}`)
  return [lines(uids), lines(gids)]
}
