/** One path of a tree. */
export type TreeNode = {
  /** `f`, `d`, `l` and what else `find` calls them. */
  readonly kind: string
  readonly mode: string
  readonly uid: number
  readonly gid: number
  readonly size: number
  /** Of the last change of any kind, which nobody can set; as a decimal number. */
  readonly changedAt: string
  readonly modifiedMs: number
}
/** By path below the root. Names are bytes: each stands as the letter of that number, in which order they sort as bytes do. */
export type Tree<Node extends TreeNode = TreeNode> = ReadonlyMap<string, Node>

export type TreeChanges = {
  /** Sorted, as are those removed. */
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  /** The newest time before `begin` among the changed files. */
  readonly newest: Date
}

/** The time of a file's last change cannot be set by anybody, so nothing that was changed looks as it did. */
export function changesBetween(before: Tree, after: Tree, begin: Date): TreeChanges {
  const changed: string[] = []
  let newestMs = 0
  for (const [path, node] of after) {
    const was = before.get(path)
    if (was && keyOf(was) === keyOf(node)) continue
    changed.push(path)
    if (node.kind === 'f' && node.modifiedMs < begin.getTime()) newestMs = Math.max(newestMs, node.modifiedMs)
  }
  // A folder that went, or is no folder any more, took what was in it along.
  const isRoot = (path: string) => !path.includes('/') || after.get(parentOf(path))?.kind === 'd'
  const removed = [...before.keys()].filter((path) => !after.has(path) && isRoot(path))
  return { changed: changed.sort(), removed: removed.sort(), newest: new Date(newestMs) }
}

/** The empty file by which a layer says that a path of the layers below is gone. */
export function whiteoutOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return `${path.slice(0, path.length - name.length)}.wh.${name}`
}

const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/'))

/** Of a folder not its times: they change with what is in it. */
const keyOf = ({ kind, mode, uid, gid, size, changedAt }: TreeNode): string =>
  kind === 'd' ? `d ${mode} ${uid} ${gid}` : `${kind} ${mode} ${uid} ${gid} ${size} ${changedAt}`
