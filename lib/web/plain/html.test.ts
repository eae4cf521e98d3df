import { expect, test } from 'vitest'

import { html, json } from './html.ts'

test('what is put in is text, in elements and attributes alike', () => {
  const name = `<img src=x onerror="alert('1')">&amp;`

  expect(html`<b title="${name}">${name}</b>`.text).toBe(
    '<b title="&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62;&#38;amp;">&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62;&#38;amp;</b>',
  )
})

test('pieces stand in pieces, lists one after another, absent things are nothing', () => {
  const items = ['a', 'b'].map((item) => html`<i>${item}</i>`)

  expect(html`${items}${undefined}${false}${0}`.text).toBe('<i>a</i><i>b</i>0')
})

test('data cannot end its script', () => {
  const data = { name: '</script><script>alert(1)</script><!--' }

  expect(json(data).text).not.toContain('<')
  expect(JSON.parse(json(data).text)).toEqual(data)
})
