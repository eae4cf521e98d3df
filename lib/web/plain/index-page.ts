import {
  type Choice,
  choicesOf,
  countWords,
  decadesOf,
  type Facet,
  FACETS,
  filterEntries,
  type IndexEntry,
  type IndexFilter,
  queryOf,
  yearsText,
} from '#lib/domain/index-filter.ts'
import { QUERY_CHARS_MAX } from '#lib/domain/search-languages.ts'

import type { PlainPage } from './document.ts'
import { html, type Html, json } from './html.ts'

const FACET_NAMES: Readonly<Record<Facet, string>> = { kind: 'Kind', paradigm: 'Paradigm', typing: 'Typing' }

/**
 * The index, as its address asks for it. All languages are in the document, those that do not fit hidden: the script
 * narrows the list without asking again, and without scripts the form does by asking.
 */
export function indexPage(entries: readonly IndexEntry[], filter: IndexFilter): PlainPage {
  const found = filterEntries(entries, filter)
  const hidden = entries.filter((entry) => !found.includes(entry))
  const isWhole = queryOf(filter) === ''
  return {
    title: 'Dragoman: every programming language at a prompt',
    description: 'Open a programming language and type at its prompt; write a program, run it, see what it does.',
    body: html`<main class="index">
      <div class="opening">
        <h1>Type in any language</h1>
        <p class="lead">
          Pick one: its prompt is open before you have found the keys. Nothing to install, nothing kept on the server.
        </p>
      </div>
      <form class="finder" id="finder" role="search" action="/" aria-label="Languages">
        <p class="finder-words">
          <label for="words">Find a language</label>
          <input
            id="words"
            name="q"
            type="search"
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            maxlength="${QUERY_CHARS_MAX}"
            value="${filter.words}"
            aria-controls="languages"
            aria-describedby="count"
          />
        </p>
        <div class="finder-facets">
          ${FACETS.map((facet) => chooser(facet, FACET_NAMES[facet], choicesOf(entries, facet), filter[facet]))}
          ${chooser('years', 'Years', decadesOf(entries), filter.years && yearsText(filter.years))}
          <label class="check"
            ><input type="checkbox" name="ready" value="yes" autocomplete="off" ${filter.isReady && html` checked`} /> Ready
            here</label
          >
          <button class="button only-unscripted">Show</button>
        </div>
        <p class="finder-found">
          <output id="count" for="words">${countWords(found.length, entries.length)}</output>
          <a id="clear" class="button quiet" href="/" ${isWhole && html` hidden`}>Show all</a>
          <a id="random" class="button" href="/random${queryOf(filter)}">Random</a>
        </p>
      </form>
      <ul id="languages" class="languages" aria-label="Languages">
        ${found.map((entry) => item(entry, false))}${hidden.map((entry) => item(entry, true))}
      </ul>
      <section id="none" class="none" ${found.length > 0 && html` hidden`}>
        <h2>No language here is all of that</h2>
        <p>Ask for less, or <a href="/">look at all ${entries.length} of them</a>.</p>
      </section>
      <script type="application/json" id="entries">
        ${json(entries)}
      </script>
    </main>`,
  }
}

/** A list to choose from. A value from an address that no language has stands in it too, so that one sees what was asked. */
function chooser(name: string, words: string, choices: readonly Choice[], chosen: string | undefined): Html {
  const known = choices.some(({ value }) => value === chosen)
  const all = chosen === undefined || known ? choices : [...choices, { value: chosen, count: 0 }]
  return html`<label class="facet"
    ><span>${words}</span>
    <select name="${name}" autocomplete="off">
      <option value="">Any</option>
      ${all.map(
        ({ value, count }) =>
          html`<option value="${value}" ${value === chosen && html` selected`}>${value}${count > 0 && ` (${count})`}</option>`,
      )}
    </select></label
  >`
}

const item = ({ id, name, year, desc, needs }: IndexEntry, isHidden: boolean): Html =>
  html`<li id="language-${id}" ${isHidden && html` hidden`}>
    <a href="/${id}" class="language${needs.length === 0 && ' ready'}"
      ><span class="name">${name}</span>
      ${year !== undefined && html`<span class="year">${year}</span> `}${desc !== undefined && html`<span class="desc">${desc}</span> `}${needs.length > 0 && html`<span class="readiness">not here: needs ${needs.join(', ')}</span>`}</a
    >
  </li> `
