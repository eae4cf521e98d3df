import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import type { Node, Tree } from './list-tree.ts'

export type Changes = {
  /** Sorted, as are those removed. */
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  /** The newest time before `begin` among the changed files. */
  readonly newest: Date
}

/** The time of a file's last change cannot be set by anybody, so nothing that was changed looks as it did. */
export function changesBetween(before: Tree, after: Tree, begin: Date): Changes {
  const changed: string[] = []
  let newestMs = 0
  for (const [path, node] of after) {
    const was = before.get(path)
    if (was && keyOf(was) === keyOf(node)) continue
    changed.push(path)
    if (node.kind === 'f' && node.modifiedMs < begin.getTime()) newestMs = Math.max(newestMs, node.modifiedMs)
  }
  // A folder that went, or is no folder any more, took what was in it along.
  const isRoot = (path: string) => dirname(path) === '.' || after.get(dirname(path))?.kind === 'd'
  const removed = [...before.keys()].filter((path) => !after.has(path) && isRoot(path))
  return { changed: changed.sort(), removed: removed.sort(), newest: new Date(newestMs) }
}

/** Whiteouts as files in a folder of their own, for tar to take from there. */
export async function whiteoutsIn(parent: string, removed: readonly string[]) {
  const folder = await mkdtemp(join(parent, 'whiteouts-'))
  const names: string[] = []
  for (const path of removed) {
    const name = join(dirname(path), `.wh.${path.slice(path.lastIndexOf('/') + 1)}`)
    await mkdir(bytesOf(folder, dirname(name)), { recursive: true })
    await writeFile(bytesOf(folder, name), '', { mode: 0o644 })
    names.push(name)
  }
  return { folder, names, remove: () => rm(folder, { recursive: true }) }
}

const bytesOf = (folder: string, path: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')])

/** Of a folder not its times: they change with what is in it. */
const keyOf = ({ kind, mode, uid, gid, size, changedAt }: Node): string =>
  kind === 'd' ? `d ${mode} ${uid} ${gid}` : `${kind} ${mode} ${uid} ${gid} ${size} ${changedAt}`
