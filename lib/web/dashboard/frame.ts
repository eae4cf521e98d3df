import { visible } from '#lib/domain/visible-text.ts'

import type { PlainPage } from '../plain/document.ts'
import { html, type Html } from '../plain/html.ts'

const PLACES = {
  '/dashboard': 'Languages',
  '/dashboard/builds': 'Builds',
  '/dashboard/agents': 'Agents',
  '/dashboard/bases': 'Bases',
} as const
export type Place = keyof typeof PLACES

/**
 * What every page of the dashboard stands in. `live` tells the script which changes concern the page; what is `data-live` in
 * it, with an id, is what the script puts in place anew.
 */
export const dashboardPage = (page: {
  readonly title: string
  readonly place: Place
  readonly live?: string
  readonly main: Html
}): PlainPage => ({
  title: `${visible(page.title)} · Dragoman`,
  nav: html`<nav class="places" aria-label="Dashboard">
      ${Object.entries(PLACES).map(
        ([path, words]) => html`<a href="${path}" ${path === page.place && html`aria-current="page"`}>${words}</a>`,
      )}
    </nav>
    <p role="status" id="line" class="line only-scripted"></p>`,
  body: html`<main class="dashboard" ${page.live !== undefined && html`data-watches="${page.live}"`}>${page.main}</main>`,
})

/** For what is not there; the address may have been anything, so it is not said back. */
export const missingThing = (what: string, back: Place): PlainPage =>
  dashboardPage({
    title: `No such ${what}`,
    place: back,
    main: html`<div class="message">
      <h1>There is no such ${what}</h1>
      <p>The address may be mistyped, or what it named was never here.</p>
      <p><a href="${back}">All ${PLACES[back].toLowerCase()}</a></p>
    </div>`,
  })

/** While the records cannot be read. The script asks again by itself. */
export const awayPage = (place: Place): PlainPage =>
  dashboardPage({
    title: 'The records are away',
    place,
    live: 'away',
    main: html`<div class="message">
      <h1>The records cannot be read just now</h1>
      <p>Languages run all the same. This page looks again every few seconds; without scripts, <a href="">look again</a>.</p>
    </div>`,
  })
