import { expect, test } from 'vitest'

import { FILES_MAX } from '#lib/protocol/sizes.ts'

import { endingOf, freshName, whyNotName } from './file-names.ts'

test.each([
  ['lib.py', ['main.py'], undefined],
  ['src/lib.py', ['main.py', 'src/other.py'], undefined],
  ['', ['main.py'], 'A file needs a name'],
  ['../lib.py', ['main.py'], 'That file name cannot be used'],
  ['main.py', ['main.py'], 'There is a file of this name'],
  ['src', ['src/Main.java'], 'A file and a folder cannot have the same name'],
  ['main.py/x', ['main.py'], 'A file and a folder cannot have the same name'],
  ['x', Array.from({ length: FILES_MAX }, (_, i) => `f${i}`), `A program has ${FILES_MAX} files at most`],
])('%j beside %j: %s', (path, others, why) => expect(whyNotName(path, others)).toBe(why))

test('a new file is called like the main one', () => {
  expect(freshName(['src/Main.java'])).toBe('file2.java')
  expect(freshName(['main.py', 'file3.py'])).toBe('file4.py')
  expect(freshName(['Makefile'])).toBe('file2')
})

test.each([
  ['main.py', '.py'],
  ['a.b/c', ''],
  ['.bashrc', ''],
  ['x.tar.gz', '.gz'],
])('%s ends in %j', (path, ending) => expect(endingOf(path)).toBe(ending))
