import type { ListedAgent } from '#lib/application/agents/list-agents.ts'
import type { BaseOverview } from '#lib/application/ports/overviews.ts'
import type { LangId } from '#lib/domain/ids.ts'
import { visible } from '#lib/domain/visible-text.ts'

import type { PlainPage } from '../plain/document.ts'
import { html, type Html } from '../plain/html.ts'
import { dashboardPage } from './frame.ts'
import { bytes, count, digestCode, langPath, time } from './words.ts'

/** Of those that stand on something so many are named; the rest is counted until somebody opens it. */
const NAMED_MAX = 12

export const agentsPage = (agents: readonly ListedAgent[], now: Date): PlainPage =>
  dashboardPage({
    title: 'Agents',
    place: '/dashboard/agents',
    live: 'agents',
    main: html`<div class="head">
        <h1>Agents</h1>
        <p>The program inside each sandbox, by its releases, the newest first.</p>
      </div>
      <div id="list" data-live>
        ${
          agents.length === 0
            ? html`<section class="none">
                <h2>No agent was released yet</h2>
                <p>The first one shows here by itself.</p>
              </section>`
            : html`<table class="wide lists-table">
                <thead>
                  <tr>
                    <th scope="col">Version</th>
                    <th scope="col">Released</th>
                    <th scope="col" class="digest">Tarball</th>
                    <th scope="col" class="size">Size</th>
                    <th scope="col" class="size">Protocol</th>
                    <th scope="col">Live with</th>
                  </tr>
                </thead>
                <tbody>
                  ${agents.map(
                    ({ version, madeAt, digest, size, protocol, languages }) =>
                      html`<tr>
                        <th scope="row">${visible(version)}</th>
                        <td>${time(madeAt, now)}</td>
                        <td class="digest">${digestCode(digest)}</td>
                        <td class="size">${bytes(size)}</td>
                        <td class="size">${protocol}</td>
                        <td>${users(languages)}</td>
                      </tr>`,
                  )}
                </tbody>
              </table>`
        }
      </div>`,
  })

export const basesPage = (bases: readonly BaseOverview[], now: Date): PlainPage =>
  dashboardPage({
    title: 'Bases',
    place: '/dashboard/bases',
    live: 'bases',
    main: html`<div class="head">
        <h1>Bases</h1>
        <p>The root file systems that images grow from, the newest first.</p>
      </div>
      <div id="list" data-live>
        ${
          bases.length === 0
            ? html`<section class="none">
                <h2>No base was made yet</h2>
                <p>The first one shows here by itself.</p>
              </section>`
            : html`<table class="wide lists-table">
                <thead>
                  <tr>
                    <th scope="col">Distribution</th>
                    <th scope="col">Made</th>
                    <th scope="col" class="digest">Image</th>
                    <th scope="col" class="size">Size</th>
                    <th scope="col">Live on it</th>
                  </tr>
                </thead>
                <tbody>
                  ${bases.map(
                    ({ name, madeAt, digest, bytes: size, languages }, at) =>
                      html`<tr>
                        <th scope="row">
                          ${visible(name)}
                          ${at === 0 && html`<span class="chip good"><span aria-hidden="true">●</span> newest</span>`}
                          ${at > 0 && languages.length > 0 && html`<span class="chip odd">old base</span>`}
                        </th>
                        <td>${time(madeAt, now)}</td>
                        <td class="digest">${digestCode(digest)}</td>
                        <td class="size">${bytes(size)}</td>
                        <td>${users(languages)}</td>
                      </tr>`,
                  )}
                </tbody>
              </table>`
        }
      </div>`,
  })

function users(languages: readonly LangId[]): Html {
  const links = languages.map((lang, at) => html`${at > 0 && ', '}<a href="${langPath(lang)}">${lang}</a>`)
  if (languages.length === 0) return html`<span class="muted">none</span>`
  if (languages.length <= NAMED_MAX) return html`${links}`
  return html`<details>
    <summary>${count(languages.length, 'language')}</summary>
    ${links}
  </details>`
}
