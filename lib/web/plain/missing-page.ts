import type { PlainPage } from './document.ts'
import { html } from './html.ts'

/** Longest part of a wrong name that is said back. */
const SHOWN_CHARS_MAX = 40

export type Near = { readonly id: string; readonly name: string }

/** For an address that leads nowhere; `name` is what was looked for, where the address could have been a language's. */
export const missingPage = (name: string | undefined, near: readonly Near[]): PlainPage => ({
  title: 'No such language · Dragoman',
  body: html`<main class="message">
    <h1>There is no such language here</h1>
    ${name !== undefined && html`<p>We looked for <code>${[...name].slice(0, SHOWN_CHARS_MAX).join('')}</code> and found none by that name.</p>`}
    ${
      near.length > 0 &&
      html`<p id="near">Did you mean</p>
        <ul class="near" aria-labelledby="near">
          ${near.map(({ id, name }) => html`<li><a href="/${id}">${name}</a></li>`)}
        </ul>`
    }
    <p><a href="/">All languages</a></p>
  </main>`,
})
