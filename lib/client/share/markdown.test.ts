import { expect, test } from 'vitest'

import { programOf } from '../program/program.ts'
import { markdownOf } from './markdown.ts'

test('a program is a fence and a link', () => {
  expect(markdownOf('Python', 'python', programOf('main.py', 'print(1)\n'), 'https://x.example/python#1.a')).toBe(
    '```python\nprint(1)\n```\n\n[Run this Python program](https://x.example/python#1.a)\n',
  )
})

test('several files, arguments, flags and input are told apart', () => {
  const files = [
    { path: 'main.c', text: 'a' },
    { path: 'b.h', text: '' },
  ] as const
  expect(markdownOf('C', 'c', { files, args: '-v', flags: '-O2 `x`', input: '1\n' }, 'L')).toBe(
    '`main.c`\n\n```c\na\n```\n\n`b.h`\n\n```c\n```\n\nArguments: ` -v `\n\nFlags: `` -O2 `x` ``\n\nInput:\n\n```\n1\n```\n\n[Run this C program](L)\n',
  )
})

test('no text closes its fence', () => {
  expect(markdownOf('Shell', 'sh', programOf('main.sh', '```\n````\n'), 'L')).toMatch(/^`````sh\n```\n````\n`````\n/)
})
