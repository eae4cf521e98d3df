import { expect, test } from 'vitest'

import { FILE_NAME_BYTES_MAX, isFileName } from './file-name.ts'

test.each(['main.py', 'src/Main.java', '-rf', '..x', 'a..b', 'ünï.txt', 'with space', 'x'.repeat(FILE_NAME_BYTES_MAX)])(
  'a file may be called %j',
  (path) => expect(isFileName(path)).toBe(true),
)

test.each([
  '',
  '/etc/passwd',
  '../x',
  'a/../b',
  'a/..',
  '.',
  './x',
  'a//b',
  'a/',
  'a\0b',
  'a\nb',
  'a\u001b[31m',
  'a\u007f',
  'a\u009b',
  'x'.repeat(FILE_NAME_BYTES_MAX + 1),
  'ü'.repeat(FILE_NAME_BYTES_MAX / 2 + 1),
])('a file may not be called %j', (path) => expect(isFileName(path)).toBe(false))
