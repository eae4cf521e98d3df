import { expect, test } from 'vitest'

import { LINK_CHARS_MAX, webAddress } from './terminal-links.ts'

test.each([
  ['https://example.org/a?b#c', 'https://example.org/a?b#c'],
  ['HTTP://example.org', 'http://example.org/'],
])('%s is followed', (text, address) => {
  expect(webAddress(text)).toBe(address)
})

test.each([
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'file:///etc/passwd',
  'ftp://example.org/',
  'mailto:a@example.org',
  'vscode://file/etc',
  '//example.org',
  '/python',
  'https://bank.example:secret@evil.example/',
  '',
  `https://example.org/${'a'.repeat(LINK_CHARS_MAX)}`,
])('%s leads nowhere', (text) => {
  expect(webAddress(text)).toBeUndefined()
})
