import { closeSync, openSync, readSync } from 'node:fs'

import { tarEnd, tarHead, tarPadding } from '#lib/domain/tar-entry.ts'
import { changesBetween, type Tree, whiteoutOf } from '#lib/domain/tree-changes.ts'
import { placeOf, type SeenNode, snapshot, targetOf } from './snapshot.ts'

const CHUNK_BYTES = 64 * 1024
const KIND = { f: 'file', d: 'folder', l: 'symlink', p: 'fifo' } as const
const WHITEOUT = { kind: 'file', mode: 0o644, uid: 0, gid: 0, size: 0, target: '' } as const

type Trees = { readonly root: string; readonly before: Tree<SeenNode>; readonly after: Tree<SeenNode> }

/**
 * What has changed, as a layer, and what went as whiteouts: the same bytes that GNU tar makes of them. What is younger than
 * the newest, which is told first, is dated so. Nothing may change the tree meanwhile.
 */
export function layerOf({ root, before, after }: Trees, { begin, fallback }: { readonly begin: Date; readonly fallback: Date }) {
  const { changed, removed, newest: seen } = changesBetween(before, after, begin)
  const newest = seen > fallback ? seen : fallback
  return { newest, bytes: archive(root, after, { changed, removed, newest }) }
}

/** What is in one folder, as an archive in which everything is root's; undefined when there is no such folder. */
export function contentOf(root: string, folder: string): Generator<Buffer> | undefined {
  const path = folder.replaceAll(/^\/+|\/+$/g, '')
  try {
    const tree = snapshot(placeOf(root, path).toString(), new Set())
    const owned = new Map([...tree].map(([name, node]) => [name, rootsOwn(node)]))
    return archive(`${root}/${path}`, owned, { changed: [...owned.keys()].sort(), removed: [], newest: new Date() })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

/** Whoever unpacks it is not root, and reads it afterwards. */
function rootsOwn(node: SeenNode): SeenNode {
  const mode = Number.parseInt(node.mode, 8) & 0o777
  return { ...node, uid: 0, gid: 0, mode: (mode | (node.kind === 'd' ? 0o700 : 0o600)).toString(8) }
}

type What = {
  readonly changed: readonly string[]
  readonly removed: readonly string[]
  readonly newest: Date
}

function* archive(root: string, tree: Tree<SeenNode>, { changed, removed, newest }: What): Generator<Buffer> {
  const newestSeconds = Math.floor(newest.getTime() / 1000)
  const firstNames = new Map<string, string>()
  let sent = 0
  const passed = (bytes: Buffer) => ((sent += bytes.length), bytes)
  for (const path of changed) {
    const node = tree.get(path)
    const kind = node && KIND[node.kind as keyof typeof KIND]
    if (!node || !kind) continue // a socket is nobody's file
    const firstName = node.kind === 'd' ? undefined : firstNames.get(node.file)
    if (node.names > 1 && firstName === undefined) firstNames.set(node.file, path)
    const entry = {
      ...{ path, uid: node.uid, gid: node.gid, size: node.size },
      mode: Number.parseInt(node.mode, 8),
      modifiedSeconds: Math.min(node.modifiedSeconds, newestSeconds),
      newestSeconds,
    }
    if (firstName !== undefined) yield passed(tarHead({ ...entry, kind: 'hardlink', target: firstName }))
    else yield passed(tarHead({ ...entry, kind, target: kind === 'symlink' ? targetOf(root, path) : '' }))
    if (kind !== 'file' || firstName !== undefined) continue
    for (const chunk of contentsOf(placeOf(root, path), node.size)) yield passed(chunk)
    yield passed(tarPadding(node.size))
  }
  for (const path of removed)
    yield passed(tarHead({ ...WHITEOUT, path: whiteoutOf(path), modifiedSeconds: newestSeconds, newestSeconds }))
  yield tarEnd(sent)
}

function* contentsOf(place: Buffer, size: number): Generator<Buffer> {
  const fd = openSync(place, 'r')
  try {
    for (let left = size; left > 0;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, left))
      const read = readSync(fd, chunk, 0, chunk.length, null)
      if (read === 0) throw new Error(`Cannot pack ${place.toString('latin1')}: it became shorter`)
      left -= read
      yield chunk.subarray(0, read)
    }
  } finally {
    closeSync(fd)
  }
}
