import { expect, test } from 'vitest'

import { strayPath } from './stray-path.ts'

test.each(['/..', '/%2e%2e', '/%2E%2e/', '/.', '/python/%2e%2e/c', '/..%2f..%2fetc/passwd', '/%2e%2e%5c'])(
  '%s is no page',
  (path) => {
    expect(strayPath(path)).toBe(404)
  },
)

test.each(['/%', '/%zz', '/%ff', '/python%00', '/a\\b', '/a b', '/a\0'])('%j is no path', (path) => {
  expect(strayPath(path)).toBe(400)
})

test.each(['/', '/python', '/c++', '/c%2B%2B', '/%F0%9F%90%8D', '/..python', '/_next/static/a.js', '//evil.example'])(
  '%s is for the pages to answer',
  (path) => {
    expect(strayPath(path)).toBeUndefined()
  },
)
