import type { LanguageOverview, Overview, OverviewCounts } from '#lib/application/ports/overviews.ts'
import { type Attention, ATTENTIONS } from '#lib/domain/attention.ts'
import type { TestResult } from '#lib/domain/build.ts'
import { CHECKS } from '#lib/domain/language.ts'
import { type OverviewQuery, overviewPath, type Sort, SORTS } from '#lib/domain/overview-query.ts'
import { QUERY_CHARS_MAX } from '#lib/domain/search-languages.ts'
import { visible } from '#lib/domain/visible-text.ts'

import type { PlainPage } from '../plain/document.ts'
import { html, type Html } from '../plain/html.ts'
import { dashboardPage } from './frame.ts'
import { bytes, checkTone, checkWords, count, langPath, needChip, outcomeChip, time, buildPath } from './words.ts'

const COLUMNS: readonly (readonly [Sort | 'checks', string])[] = [
  ['name', 'Language'],
  ['version', 'Version'],
  ['checks', 'Checks'],
  ['built', 'Built'],
  ['base', 'Base'],
  ['agent', 'Agent'],
  ['size', 'Image'],
  ['builds', 'Builds'],
]

export function languagesPage({ languages, counts }: Overview, query: OverviewQuery, now: Date): PlainPage {
  return dashboardPage({
    title: 'Dashboard',
    place: '/dashboard',
    live: 'languages',
    main: html`<div class="head">
        <h1>Languages</h1>
        <p id="sum" data-live>${sum(counts)}</p>
      </div>
      ${finder(query, counts)} ${languages.length === 0 ? nothing(query, counts) : table(languages, query, now)}`,
  })
}

const sum = (counts: OverviewCounts) =>
  html`${count(counts.all, 'language')},
  ${counts.any === 0 ? 'none of which needs attention' : html`<strong>${counts.any}</strong> need attention`}.`

function finder({ words, needs, sort, isDown }: OverviewQuery, counts: OverviewCounts): Html {
  const option = (value: string, words: string, isChosen: boolean) =>
    html`<option value="${value}" ${isChosen && html` selected`}>${words}</option>`
  const reasons = Object.keys(ATTENTIONS) as Attention[] // of a literal
  return html`<form class="asks" role="search" action="/dashboard" aria-label="Languages">
    <label
      ><span>Find</span>
      <input name="q" type="search" maxlength="${QUERY_CHARS_MAX}" value="${words}" autocomplete="off" spellcheck="false"
    /></label>
    <label
      ><span>Show</span>
      <select name="needs" autocomplete="off">
        ${option('', `All (${counts.all})`, needs === undefined)}
        ${option('any', `Needs attention (${counts.any})`, needs === 'any')}
        ${reasons.map((need) => option(need, `– ${ATTENTIONS[need].words} (${counts[need]})`, needs === need))}
      </select></label
    >
    ${sort !== 'name' && html`<input type="hidden" name="sort" value="${sort}" />`}
    ${isDown !== (SORTS[sort] === 'down') && html`<input type="hidden" name="order" value="${isDown ? 'down' : 'up'}" />`}
    <button class="button">Show</button>
    ${(words !== '' || needs !== undefined) && html`<a class="button quiet" href="${overviewPath({ words: '', sort, isDown })}">Show all</a>`}
  </form>`
}

const nothing = (query: OverviewQuery, counts: OverviewCounts): Html =>
  counts.all === 0
    ? html`<section class="none">
        <h2>No language is known here yet</h2>
        <p>The first one built shows here by itself.</p>
      </section>`
    : query.needs !== undefined && query.words === ''
      ? html`<section class="none">
          <h2>No language ${query.needs === 'any' ? 'needs attention' : `is “${ATTENTIONS[query.needs].words}”`}</h2>
          <p><a href="/dashboard">All ${counts.all} of them</a> are well.</p>
        </section>`
      : html`<section class="none">
          <h2>No language here is all of that</h2>
          <p>Ask for less, or <a href="/dashboard">look at all ${counts.all} of them</a>.</p>
        </section>`

const table = (languages: readonly LanguageOverview[], query: OverviewQuery, now: Date): Html =>
  html`<table class="wide languages-table">
    <caption class="only-heard">
      Languages, what is live of them, and how it stands
    </caption>
    <thead>
      <tr>
        ${COLUMNS.map(([sort, words]) =>
          sort === 'checks' ? html`<th scope="col" class="checks">${words}</th>` : header(sort, words, query),
        )}
      </tr>
    </thead>
    <tbody>
      ${languages.map((language) => languageRow(language, now))}
    </tbody>
  </table>`

/** A link that sorts by this, and once it does, the other way round. */
function header(sort: Sort, words: string, query: OverviewQuery): Html {
  const isSorted = query.sort === sort
  const isDown = isSorted ? !query.isDown : SORTS[sort] === 'down'
  return html`<th scope="col" class="${sort}" ${isSorted && html` aria-sort="${query.isDown ? 'descending' : 'ascending'}"`}>
    <a href="${overviewPath({ ...query, sort, isDown })}"
      >${words}${isSorted && html`<span aria-hidden="true">${query.isDown ? ' ↓' : ' ↑'}</span>`}</a
    >
  </th>`
}

export function languageRow(language: LanguageOverview, now: Date): Html {
  // Of what was never tested the column of checks says so.
  const chips = language.needs.filter((need) => need !== 'untested').map((need) => needChip(need))
  return html`<tr id="lang-${language.lang}" data-live>
    <th scope="row" class="name">
      <a href="${langPath(language.lang)}">${visible(language.name)}</a>
      ${chips.length > 0 && html`<span class="needs">${chips}</span>`}
    </th>
    <td class="version">${language.version === undefined ? '' : shortVersion(language.version)}</td>
    <td class="checks">${checks(language)}</td>
    <td class="built">
      ${language.builtAt ? time(language.builtAt, now) : 'never built'}
      ${language.builtAt && !language.live && html`<span class="chip idle">not live</span>`}
    </td>
    <td class="base">${visible(language.base?.name ?? '')}</td>
    <td class="agent">${visible(language.agent ?? '')}</td>
    <td class="size">${language.imageBytes !== undefined && bytes(language.imageBytes)}</td>
    <td class="builds">
      ${language.ended && html`<a href="${buildPath(language.ended.id)}">${outcomeChip(language.ended.outcome)}</a>`}
      ${
        language.openBuilds > 0 &&
        html`<a href="/dashboard/builds?lang=${encodeURIComponent(language.lang)}&state=open"
          ><span class="chip busy"><span aria-hidden="true">…</span> ${language.openBuilds} open</span></a
        >`
      }
    </td>
  </tr> `
}

/** A version is the first line of what a program printed; that may be long. */
const VERSION_CHARS_MAX = 40
function shortVersion(version: string): Html {
  const shown = visible(version)
  return shown.length <= VERSION_CHARS_MAX
    ? html`${shown}`
    : html`<span title="${shown}">${shown.slice(0, VERSION_CHARS_MAX)}…</span>`
}

/** In words what did not pass, else how many did; and a mark for each of the seven, by name. */
function checks({ checks }: LanguageOverview): Html {
  const made = CHECKS.filter((check) => checks[check] !== undefined)
  if (made.length === 0) return html`<span class="odd">never tested</span>`
  const bad = made.flatMap((check) => {
    const outcome = checks[check]
    return outcome === 'failed' || outcome === 'timeout' ? [`${check} ${checkWords(outcome)}`] : []
  })
  const passed = made.filter((check) => checks[check] === 'ok').length
  return html`<span class="${bad.length > 0 ? 'bad' : 'good'}"
      >${bad.length > 0 ? bad.join(', ') : `${passed} of ${CHECKS.length} passed`}</span
    >
    <ul class="marks">
      ${CHECKS.map((check) => mark(check, checks[check]))}
    </ul>`
}

function mark(check: string, outcome: TestResult['outcome'] | undefined): Html {
  const [sign, tone] = outcome === undefined ? ['·', 'none'] : checkTone(outcome)
  const words = outcome === undefined ? 'not made' : checkWords(outcome)
  return html`<li class="mark ${tone}" title="${check}: ${words}">
    <span aria-hidden="true">${sign}</span>${check}<span class="only-heard"> ${words}</span>
  </li>`
}
