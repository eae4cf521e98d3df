import fc from 'fast-check'
import { expect, test } from 'vitest'

import { diffLines } from './diff-lines.ts'
import { diffPackages } from './diff-packages.ts'

const signs = { same: ' ', gone: '-', new: '+' } as const
const shown = (was: string, is: string) =>
  diffLines(was, is).map((line) => (line.kind === 'skipped' ? `@${line.count}` : signs[line.kind] + line.text))

test('a changed line stands among its neighbours, the far ones are counted', () => {
  const was = 'a\nb\nc\nd\ne\nf\ng\nh\ni'
  expect(shown(was, was.replace('e', 'E'))).toEqual(['@1', ' b', ' c', ' d', '-e', '+E', ' f', ' g', ' h', '@1'])
  expect(shown(was, was)).toEqual([])
  expect(shown('', 'a')).toEqual(['-', '+a'])
})

test('whatever the texts, what stays and goes is the one, what stays and comes is the other', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'))
  fc.assert(
    fc.property(text, text, (was, is) => {
      const lines = diffLines(was, is)
      if (was === is) return lines.length === 0
      if (lines.some(({ kind }) => kind === 'skipped')) return true
      const of = (kind: 'gone' | 'new') =>
        lines.flatMap((line) => (line.kind === 'same' || line.kind === kind ? [line.text] : [])).join('\n')
      return of('gone') === was && of('new') === is
    }),
  )
})

test('texts with nothing in common, however long, are one that goes and one that comes', () => {
  const many = (name: string) => Array.from({ length: 3000 }, (_, n) => `${name}${n}`).join('\n')
  const lines = diffLines(many('a'), many('b'))
  expect(lines.filter(({ kind }) => kind === 'gone')).toHaveLength(3000)
  expect(lines.filter(({ kind }) => kind === 'new')).toHaveLength(3000)
})

test('packages that came, went or moved are told by name', () => {
  expect(diffPackages({ gcc: '13', old: '1', same: '1' }, { gcc: '14', new: '2', same: '1' })).toEqual([
    { name: 'gcc', was: '13', is: '14' },
    { name: 'new', is: '2' },
    { name: 'old', was: '1' },
  ])
  expect(diffPackages({}, JSON.parse('{"__proto__": "1"}'))).toEqual([{ name: '__proto__', is: '1' }])
})
