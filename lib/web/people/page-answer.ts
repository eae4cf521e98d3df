import { randomBytes } from 'node:crypto'

import { contentPolicy } from '../page-policy.ts'
import { type PlainAssets, plainDocument, type PlainPage } from '../plain/document.ts'
import { html } from '../plain/html.ts'

export type PageOptions = {
  readonly status?: number
  /** Other origins that a form of the page may lead to. */
  readonly formTargets?: readonly string[]
  readonly cookies?: readonly string[]
}

/** A page about somebody: kept by nobody, since the next one to ask may be somebody else. */
export function pageAnswer(page: PlainPage, assets: PlainAssets, { status = 200, formTargets, cookies = [] }: PageOptions = {}) {
  const nonce = randomBytes(16).toString('hex')
  const headers = new Headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': contentPolicy(nonce, false, formTargets),
    'cache-control': 'private, no-store',
  })
  for (const one of cookies) headers.append('set-cookie', one)
  return new Response(plainDocument(page, assets, nonce), { status, headers })
}

/** A page with one thing to say. */
export const saying = (title: string, words: string, link: { readonly to: string; readonly words: string }): PlainPage => ({
  title: `${title} · Dragoman`,
  body: html`<main class="message">
    <h1>${title}</h1>
    <p>${words}</p>
    <p><a href="${link.to}">${link.words}</a></p>
  </main>`,
})
