import fc from 'fast-check'
import { expect, test } from 'vitest'

import { isFileName } from '#lib/domain/file-name.ts'
import { FILES_MAX } from '#lib/protocol/sizes.ts'

import { programFromJson, programToJson } from './program-json.ts'

const name = fc.string({ minLength: 1, maxLength: 20 }).filter((path) => isFileName(path) && path !== 'main.py')
const program = fc
  .record({
    text: fc.string(),
    others: fc.uniqueArray(fc.tuple(name, fc.string()), { maxLength: FILES_MAX - 1, selector: ([path]) => path }),
    args: fc.string(),
    flags: fc.string(),
    input: fc.string(),
  })
  .map(({ text, others, ...rest }) => ({
    files: [{ path: 'main.py', text }, ...others.map(([path, text]) => ({ path, text }))] as const,
    ...rest,
  }))

test('a program comes back as it was kept', () => {
  fc.assert(
    fc.property(program, (one) => {
      expect(programFromJson(JSON.parse(JSON.stringify(programToJson({ ...one, files: [...one.files] }))), 'main.py')).toEqual(
        one,
      )
    }),
  )
})

test('what is empty is not kept', () => {
  expect(JSON.stringify(programToJson({ files: [{ path: 'a', text: '' }], args: '', flags: '', input: '' }))).toBe(
    '{"files":[["a",""]]}',
  )
})

test('the first file becomes the main one when the language calls it otherwise today', () => {
  const kept = { files: [['old.py', 'one'], ['lib.py', 'two']] } // prettier-ignore
  expect(programFromJson(kept, 'main.py')?.files).toEqual([
    { path: 'main.py', text: 'one' },
    { path: 'lib.py', text: 'two' },
  ])
  expect(programFromJson(kept, 'lib.py')?.files.map(({ path }) => path)).toEqual(['lib.py', 'old.py'])
})

test.each([
  undefined,
  null,
  1,
  'text',
  [],
  {},
  { files: [] },
  { files: 'x' },
  { files: [['a']] },
  { files: [['a', 1]] },
  { files: [['../a', '']] },
  { files: [['a', '', '']] },
  { files: [['a', ''], ['a', '']] }, // prettier-ignore
  { files: [['a', '']], args: 1 },
  { files: [['a', '']], input: null },
  { files: Array.from({ length: FILES_MAX + 1 }, (_, i) => [`f${i}`, '']) },
])('%j is no program', (value) => expect(programFromJson(value, 'a')).toBeUndefined())
