import fc from 'fast-check'
import { expect, test } from 'vitest'

import { safeHtml } from './safe-html.ts'

const APART = 'target="_blank" rel="noopener noreferrer nofollow"'

test.each([
  ['<p>a <strong>b</strong> &lt;c&gt; &amp; d</p>', '<p>a <strong>b</strong> &lt;c&gt; &amp; d</p>'],
  [
    '<pre><code class="language-py"><span class="ͼ1a tok-x evil">def</span><br></code></pre>',
    '<pre><code><span class="ͼ1a tok-x">def</span><br></code></pre>',
  ],
  ['<a href="https://example.org/?a=1&amp;b=2" title="x">x</a>', `<a href="https://example.org/?a=1&amp;b=2" ${APART}>x</a>`],
  ['<a href="javascript:alert(1)">x</a>', '<a>x</a>'],
  ['<a href=" java&#10;script:alert(1)">x</a>', '<a>x</a>'],
  ['<a href="data:text/html,x">x</a>', '<a>x</a>'],
  ['<a href="/relative">x</a>', '<a>x</a>'],
  ['<a href="https://a/&quot;onclick=x">x</a>', `<a href="https://a/%22onclick=x" ${APART}>x</a>`],
  ['<img src=x onerror="alert(1)">', ''],
  ['<IMG SRC=x oNeRRor=alert(1)//', '&lt;IMG SRC=x oNeRRor=alert(1)//'],
  ['<p onclick="x" style="y">a</p>', '<p>a</p>'],
  ['a<script>alert(1)</script>b<style>*{}</style >c<svg><a>x</a></svg>d', 'abcd'],
  ['a<script>alert(1)', 'a'],
  ['<scr<script>x</script>ipt>alert(1)</script>', 'alert(1)'],
  ['<!-- <p> --><p>a', '<p>a'],
  ['<p title="a>b<img onerror=x>">c', '<p>b"&gt;c'],
  ['<<p>>', '&lt;<p>&gt;'],
  ['<form action=x><button>press</button></form>', 'press'],
  ['<x-y onload=1>z', 'z'],
])('%s becomes %s', (html, safe) => expect(safeHtml(html)).toBe(safe))

test('a text of nothing but beginnings takes no longer than any other', () => {
  for (const part of ['<a ', '<script', '<!--', '<script>', '<p "', '&lt;<'])
    expect(safeHtml(part.repeat(200_000)).length).toBeLessThan(4_000_000)
})

/** All that may begin with a `<` in what comes out. */
const TAG = new RegExp(`^</?[a-z0-9]+(?: class="[ͼ\\w -]*"| href="https?:[^"<>]*" ${APART})?>`)

test('whatever comes in, nothing but tags of the list comes out', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '/',
    '"',
    "'",
    '=',
    ' ',
    'p',
    'a',
    'script',
    'svg',
    'href',
    'onerror',
    'https://x',
    'javascript:',
    '<!--',
    '-->',
    '&',
    '&lt;',
    'style',
    '\n',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const safe = safeHtml(pieces.join(''))
      for (let at = safe.indexOf('<'); at >= 0; at = safe.indexOf('<', at + 1)) expect(safe.slice(at)).toMatch(TAG)
    }),
    { numRuns: 2_000 },
  )
})
