import { lstat, mkdir, mkdtemp, opendir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What each path of a tree was, for {@link changesSince}. */
export type Snapshot = ReadonlyMap<string, string>
export type Changes = {
  /** Sorted. */
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  /** The newest time before `begin` among the changed files. */
  readonly newest: Date
}

/** The time of a file's last change of any kind cannot be set by anybody, so nothing that was changed looks as it did. */
export async function snapshot(root: string): Promise<Snapshot> {
  const paths = new Map<string, string>()
  for await (const [path, stats] of walk(root)) paths.set(path, keyOf(stats))
  return paths
}

export async function changesSince(before: Snapshot, root: string, begin: Date): Promise<Changes> {
  const [changed, there] = [new Array<string>(), new Set<string>()]
  let newest = new Date(0)
  for await (const [path, stats] of walk(root)) {
    there.add(path)
    if (before.get(path) === keyOf(stats)) continue
    changed.push(path)
    if (stats.isFile() && stats.mtime < begin && stats.mtime > newest) newest = stats.mtime
  }
  const removed = [...before.keys()].filter((path) => !there.has(path))
  // A folder that went took what was in it along.
  const roots = removed.filter((path) => there.has(dirname(path)) || dirname(path) === '.')
  return { changed: changed.sort(byBytes), removed: roots.sort(byBytes), newest }
}

/** Whiteouts as files in a folder of their own, for tar to take from there. */
export async function whiteoutsIn(parent: string, removed: readonly string[]) {
  const folder = await mkdtemp(join(parent, 'whiteouts-'))
  const names: string[] = []
  for (const path of removed) {
    const name = join(dirname(path), `.wh.${path.slice(path.lastIndexOf('/') + 1)}`)
    await mkdir(join(folder, dirname(name)), { recursive: true })
    await writeFile(join(folder, name), '', { mode: 0o644 })
    names.push(name)
  }
  return { folder, names, remove: () => rm(folder, { recursive: true }) }
}

type Stats = Awaited<ReturnType<typeof statOf>>
const statOf = (path: string) => lstat(path, { bigint: true })

async function* walk(root: string, below = ''): AsyncGenerator<[string, Stats]> {
  for await (const entry of await opendir(join(root, below))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    yield [path, await statOf(join(root, path))]
    if (entry.isDirectory()) yield* walk(root, path)
  }
}

/** Of a folder not its times: they change with what is in it. */
function keyOf(stats: Stats): string {
  const { mode, uid, gid, ino, size, ctimeNs } = stats
  return stats.isDirectory() ? `${mode} ${uid} ${gid}` : `${mode} ${uid} ${gid} ${ino} ${size} ${ctimeNs}`
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
