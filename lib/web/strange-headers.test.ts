import type { IncomingHttpHeaders } from 'node:http'

import { expect, test } from 'vitest'

import { dropStrangeHeaders } from './strange-headers.ts'

function left(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  dropStrangeHeaders(headers)
  return headers
}
const tree = (value: unknown) => ({ 'next-router-state-tree': encodeURIComponent(JSON.stringify(value)) })
const PAGE = ['', { children: [['lang', 'python', 'd', null], { children: ['__PAGE__', {}] }] }, null, null, 16]

test('what the pages’ own parts say to each other cannot be said from outside', () => {
  expect(
    left({
      host: 'a',
      cookie: 'b',
      'x-middleware-subrequest': 'proxy:proxy',
      'x-middleware-rewrite': 'http://evil.example/',
      'x-invoke-path': '/evil',
      'x-matched-path': '/evil',
      'x-now-route-matches': '1=evil',
      'x-dragoman-nonce': 'evil',
    }),
  ).toEqual({ host: 'a', cookie: 'b' })
})

test('a file is asked for whole', () => {
  expect(left({ host: 'a', range: 'bytes=9-1', 'if-range': '"x"' })).toEqual({ host: 'a' })
})

test.each([
  ['a page', PAGE],
  [
    'a page among others',
    ['', { children: [['lang', 'c', 'd', ['a', 'b']], {}, ['/c', ''], 'refetch'] }, null, undefined, 0, 'x'],
  ],
])('the tree of %s passes', (_, value) => {
  expect(left(tree(value))).toEqual(tree(value))
})

test.each([
  ['no JSON', { 'next-router-state-tree': '%5B' }],
  ['a broken escape', { 'next-router-state-tree': '%zz' }],
  ['nothing', { 'next-router-state-tree': '' }],
  ['no list', tree({})],
  ['a number for a segment', tree([1, {}])],
  ['a list for slots', tree(['', []])],
  ['a marker of nobody', tree(['', {}, null, 'evil'])],
  ['one that is too deep', tree(Array.from({ length: 12 }).reduce((inner) => ['', { children: inner }], ['', {}]))],
  ['one that is too long', tree(['x'.repeat(5000), {}])],
])('a tree that is %s goes', (_, headers: IncomingHttpHeaders) => {
  expect(left({ rsc: '1', ...headers })).toEqual({ rsc: '1' })
})
