import type { BuildOverview, DayFigure, QueueFigure } from '#lib/application/ports/overviews.ts'
import { OUTCOMES, type Outcome } from '#lib/domain/build.ts'
import { type BuildsQuery, buildsPath } from '#lib/domain/overview-query.ts'
import { visible } from '#lib/domain/visible-text.ts'

import type { PlainPage } from '../plain/document.ts'
import { html, type Html } from '../plain/html.ts'
import { chart } from './charts.ts'
import { dashboardPage } from './frame.ts'
import { buildLink, duration, langPath, outcomeChip, time } from './words.ts'

/** Builds of a page. */
export const PAGE_BUILDS = 50

type Figures = { readonly days: readonly DayFigure[]; readonly hours: readonly QueueFigure[] }

/** `builds` may be one more than a page holds, which says that there are more. */
export function buildsPage(
  builds: readonly BuildOverview[],
  query: BuildsQuery,
  figures: Figures | undefined,
  now: Date,
): PlainPage {
  const shown = builds.slice(0, PAGE_BUILDS)
  const last = builds.length > PAGE_BUILDS ? shown.at(-1) : undefined
  const isFirst = query.below === undefined
  const isWhole = !query.lang && !query.state
  return dashboardPage({
    title: 'Builds',
    place: '/dashboard/builds',
    live: isFirst ? 'builds' : 'builds-below',
    main: html`<div class="head"><h1>Builds</h1></div>
      ${finder(query)}
      ${figures && shown.length > 0 && html`<div class="charts" id="figures" data-live>${passRate(figures.days)}${queue(figures.hours)}</div>`}
      ${
        shown.length === 0
          ? html`<section class="none">
              <h2>${isFirst && isWhole ? 'Nothing was built yet' : 'No more builds'}</h2>
              <p>
                ${isFirst && isWhole ? 'The first one asked for shows here by itself.' : html`Ask for less, or <a href="/dashboard/builds">look at the newest</a>.`}
              </p>
            </section>`
          : buildsTable(shown, now)
      }
      <p class="pages">
        ${!isFirst && html`<a class="button" href="${buildsPath({ ...query, below: undefined })}">Newest</a>`}
        ${last && html`<a class="button" rel="next" href="${buildsPath({ ...query, below: { at: last.requestedAt, id: last.id } })}">Older</a>`}
      </p>`,
  })
}

function finder({ lang, state }: BuildsQuery): Html {
  const outcomes = Object.keys(OUTCOMES) as Outcome[] // of a literal
  const option = (value: string, words: string) =>
    html`<option value="${value}" ${value === (state ?? '') && html` selected`}>${words}</option>`
  return html`<form class="asks" action="/dashboard/builds" aria-label="Builds">
    <label
      ><span>Language</span>
      <input
        name="lang"
        type="text"
        maxlength="40"
        value="${lang ?? ''}"
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
    /></label>
    <label
      ><span>Outcome</span>
      <select name="state" autocomplete="off">
        ${option('', 'Any')}${option('open', 'open')}${outcomes.map((outcome) => option(outcome, OUTCOMES[outcome].words))}
      </select></label
    >
    <button class="button">Show</button>
  </form>`
}

export const buildsTable = (builds: readonly BuildOverview[], now: Date): Html =>
  html`<table class="wide builds-table">
    <caption class="only-heard">
      Builds, the newest first
    </caption>
    <thead>
      <tr>
        <th scope="col" class="name">Language</th>
        <th scope="col" class="outcome">Outcome</th>
        <th scope="col" class="steps">Steps</th>
        <th scope="col" class="asked">Asked for</th>
        <th scope="col" class="took">Took</th>
        <th scope="col" class="id">Build</th>
      </tr>
    </thead>
    <tbody id="builds">
      ${builds.map((build) => buildRow(build, now))}
    </tbody>
  </table>`

export const buildRow = ({ id, lang, by, requestedAt, endedAt, outcome, reason, steps }: BuildOverview, now: Date): Html =>
  html`<tr id="build-${id}" data-live>
    <th scope="row" class="name"><a href="${langPath(lang)}">${lang}</a></th>
    <td class="outcome">
      ${outcomeChip(outcome, steps.some(({ state }) => state === 'running') ? 'at work' : 'waits its turn')}
      ${reason !== undefined && html`<span class="reason">${visible(reason)}</span>`}
    </td>
    <td class="steps">${stepMarks(steps)}</td>
    <td class="asked">${time(requestedAt, now)} <span class="muted">by ${visible(by)}</span></td>
    <td class="took">${endedAt && duration(endedAt.getTime() - requestedAt.getTime())}</td>
    <td class="id">${buildLink(id)}</td>
  </tr> `

const stepMarks = (steps: BuildOverview['steps']): Html =>
  html`<ol class="marks">
    ${steps.map(({ step, state, outcome, skipped, attempts }) => {
      const [sign, tone, words] =
        outcome === 'ok'
          ? ['✓', 'good', skipped ? 'nothing to do' : 'went well']
          : outcome !== undefined
            ? ['✗', outcome === 'failed' || outcome === 'timeout' ? 'bad' : 'idle', OUTCOMES[outcome].words]
            : state === 'running'
              ? ['…', 'busy', `at work${attempts > 1 ? `, try ${attempts}` : ''}`]
              : ['·', 'none', state === 'ready' ? 'waits its turn' : 'not begun']
      return html`<li class="mark ${tone}" title="${step}: ${words}">
        <span aria-hidden="true">${sign}</span>${step}<span class="only-heard"> ${words}</span>
      </li>`
    })}
  </ol>`

const passRate = (days: readonly DayFigure[]): Html =>
  chart({
    id: 'pass-rate',
    title: 'Builds that went well, by day',
    columns: ['Day', 'Went well'],
    max: 1,
    scale: (share) => `${Math.round(share * 100)} %`,
    bars: days.map(({ day, ok, failed }) => {
      const all = ok + failed
      return {
        label: day.toISOString().slice(0, 10),
        value: all === 0 ? undefined : ok / all,
        tone: all > 0 && ok / all < 0.8 ? 'bad' : 'good',
        shown: all === 0 ? 'none ended' : `${ok} of ${all}`,
      }
    }),
  })

const queue = (hours: readonly QueueFigure[]): Html =>
  chart({
    id: 'queue',
    title: 'Builds open, by hour',
    columns: ['Hour', 'Open'],
    scale: (open) => `${Math.round(open)}`,
    max: Math.max(1, ...hours.map(({ open }) => open)),
    bars: hours.map(({ at, open }) => ({ label: `${at.toISOString().slice(11, 16)} UTC`, value: open, shown: `${open}` })),
  })
