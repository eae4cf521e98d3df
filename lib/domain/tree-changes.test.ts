import { expect, test } from 'vitest'

import { changesBetween, type Tree, type TreeNode, whiteoutOf } from './tree-changes.ts'

const BEGIN = new Date(5000)
const node = (kind: 'd' | 'f' | 'l', over: Partial<TreeNode> = {}): TreeNode => ({
  ...{ kind, mode: '755', uid: 0, gid: 0, size: 1, changedAt: '1.5', modifiedMs: 1000 },
  ...over,
})
const tree = (nodes: Readonly<Record<string, TreeNode>>): Tree => new Map(Object.entries(nodes))
const between = (before: Readonly<Record<string, TreeNode>>, after: Readonly<Record<string, TreeNode>>) => {
  const { changed, removed } = changesBetween(tree(before), tree(after), BEGIN)
  return { changed, removed }
}

const file = node('f')
const folder = node('d')

test.each([
  ['nothing', { a: folder, 'a/b': file }, { a: folder, 'a/b': file }, [], []],
  ['a new file', { a: folder }, { a: folder, 'a/b': file }, ['a/b'], []],
  ['a file that was written', { a: file }, { a: node('f', { changedAt: '9' }) }, ['a'], []],
  ["a file's owner", { a: file }, { a: node('f', { uid: 1 }) }, ['a'], []],
  ["a folder's mode", { a: folder }, { a: node('d', { mode: '700' }) }, ['a'], []],
  ['times of a folder alone', { a: folder }, { a: node('d', { changedAt: '9', modifiedMs: 9, size: 4 }) }, [], []],
  ['a folder that went with all in it', { a: folder, 'a/b': folder, 'a/b/c': file }, { a: folder }, [], ['a/b']],
  ['a folder that a file took the place of', { a: folder, 'a/b': file }, { a: file }, ['a'], []],
  ['a file that a folder took the place of', { a: file }, { a: folder, 'a/b': file }, ['a', 'a/b'], []],
])('%s', (_, before, after, changed, removed) => {
  expect(between(before, after)).toEqual({ changed, removed })
})

test('the newest is of a changed file from before the changes began', () => {
  const at = (modifiedMs: number) => node('f', { modifiedMs })
  const after = tree({ same: at(4000), old: at(3000), young: at(6000), link: node('l', { modifiedMs: 4500 }) })
  expect(changesBetween(tree({ same: at(4000) }), after, BEGIN).newest).toEqual(new Date(3000))
})

test('a whiteout stands where what it removes stood', () => {
  expect(['a', 'usr/share/b'].map(whiteoutOf)).toEqual(['.wh.a', 'usr/share/.wh.b'])
})
