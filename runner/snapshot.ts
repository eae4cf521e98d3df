import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

import type { Tree, TreeNode } from '#lib/domain/tree-changes.ts'

/** `file` tells names of the same file from others; `target` is that of a symbolic link. */
export type SeenNode = TreeNode & { readonly file: string; readonly names: number; readonly modifiedSeconds: number }

const KIND = { 0o100000: 'f', 0o040000: 'd', 0o120000: 'l', 0o010000: 'p', 0o140000: 's' } as const
const FORMAT_BITS = 0o170000
const MODE_BITS = 0o7777
const MS = 1_000_000n

/** All below a root that is in its own file system: what is mounted somewhere in it is somebody else's, with the place itself. */
export function snapshot(root: string, mounted: ReadonlySet<string>): Tree<SeenNode> {
  const tree = new Map<string, SeenNode>()
  const folders = ['']
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const name of readdirSync(placeOf(root, folder), { encoding: 'buffer' })) {
      const path = `${folder}${folder && '/'}${name.toString('latin1')}`
      if (mounted.has(path)) continue
      const node = seen(placeOf(root, path))
      tree.set(path, node)
      if (node.kind === 'd') folders.push(path)
    }
  }
  return tree
}

function seen(place: Buffer): SeenNode {
  const { mode, uid, gid, size, ctimeNs, mtimeNs, ino, dev, nlink } = lstatSync(place, { bigint: true })
  const format = Number(mode) & FORMAT_BITS
  return {
    kind: KIND[format as keyof typeof KIND] ?? '?',
    mode: (Number(mode) & MODE_BITS).toString(8),
    ...{ uid: Number(uid), gid: Number(gid), size: Number(size), changedAt: String(ctimeNs) },
    modifiedMs: Number(mtimeNs / MS),
    modifiedSeconds: Math.max(0, Math.floor(Number(mtimeNs / MS) / 1000)),
    ...{ file: `${dev}:${ino}`, names: Number(nlink) },
  }
}

/** Of a symbolic link, with names as in trees. */
export const targetOf = (root: string, path: string): string =>
  readlinkSync(placeOf(root, path), { encoding: 'buffer' }).toString('latin1')

/** A path of a tree as the kernel knows it. */
export const placeOf = (root: string, path: string): Buffer =>
  Buffer.concat([Buffer.from(root.endsWith('/') ? root : `${root}/`), Buffer.from(path, 'latin1')])

/** Where something is mounted below the root of this process, as paths of a tree. */
export function mountedPlaces(mountinfo = readFileSync('/proc/self/mountinfo', 'latin1')): ReadonlySet<string> {
  const places = mountinfo.split('\n').flatMap((line) => {
    const place = line
      .split(' ')[4]
      ?.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
    return place === undefined || place === '/' ? [] : [place.slice(1)]
  })
  return new Set(places)
}
