import type { DeployedText } from '#lib/application/ports/overviews.ts'
import type { Deployment } from '#lib/domain/deployment.ts'
import { type DiffLine, diffLines } from '#lib/domain/diff-lines.ts'
import { diffPackages, type PackageVersions } from '#lib/domain/diff-packages.ts'
import type { LangId } from '#lib/domain/ids.ts'
import { visible } from '#lib/domain/visible-text.ts'

import { html, type Html } from '../plain/html.ts'
import { digestCode, langPath, time } from './words.ts'

/** What was live when, and what any two of them differ in. */
export function deploymentsSection(
  lang: LangId,
  history: readonly Deployment[],
  compared: readonly [DeployedText, DeployedText] | undefined,
  now: Date,
): Html {
  if (history.length === 0)
    return html`<h2>Deployments</h2>
      <p class="muted">Nothing was ever live.</p>`
  return html`<h2>Deployments</h2>
    <table class="wide deployments-table">
      <thead>
        <tr>
          <th scope="col">Number</th>
          <th scope="col">When</th>
          <th scope="col" class="what">What</th>
          <th scope="col" class="image">Image</th>
          <th scope="col" class="agent">Agent</th>
          <th scope="col">Changes</th>
        </tr>
      </thead>
      <tbody>
        ${history.map(
          ({ number, at, by, kind, restores, forced, combination }, index) =>
            html`<tr>
              <th scope="row">
                ${number}${index === 0 && html` <span class="chip good"><span aria-hidden="true">●</span> live</span>`}
              </th>
              <td>${time(at, now)} <span class="muted">by ${visible(by)}</span></td>
              <td class="what">
                ${kind === 'promote' ? 'promoted' : `rolled back to ${restores}`}
                ${forced.length > 0 && html`<span class="chip odd">${forced.join(', ')} let through</span>`}
              </td>
              <td class="image">${digestCode(combination.image)}</td>
              <td class="agent">${visible(combination.agent)}</td>
              <td>
                ${number > 1 && html`<a href="${langPath(lang)}?from=${number - 1}&to=${number}#changes">since ${number - 1}</a>`}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${history.length > 1 && chooser(lang, history, compared)} ${compared && changes(compared)}`
}

function chooser(
  lang: LangId,
  history: readonly Deployment[],
  compared: readonly [DeployedText, DeployedText] | undefined,
): Html {
  const [live, before] = history
  const select = (name: 'from' | 'to', words: string, chosen: number | undefined) =>
    html`<label
      ><span>${words}</span>
      <select name="${name}" autocomplete="off">
        ${history.map(({ number, at }) => html`<option value="${number}" ${number === chosen && html` selected`}>${number} (${at.toISOString().slice(0, 10)})</option>`)}
      </select></label
    >`
  return html`<form class="asks" action="${langPath(lang)}#changes" aria-label="Compare deployments">
    ${select('from', 'From', compared?.[0].number ?? before?.number)} ${select('to', 'To', compared?.[1].number ?? live?.number)}
    <button class="button">Compare</button>
  </form>`
}

const changes = ([was, is]: readonly [DeployedText, DeployedText]): Html =>
  html`<section id="changes" aria-labelledby="changes-title">
    <h3 id="changes-title">From ${was.number} to ${is.number}</h3>
    ${configChanges(diffLines(was.config, is.config))} ${packageChanges(was.packages, is.packages)}
  </section>`

const SIGNS = { same: ' ', gone: '−', new: '+' } as const
const HEARD = { same: '', gone: 'gone: ', new: 'new: ' } as const

const configChanges = (lines: readonly DiffLine[]): Html =>
  lines.length === 0
    ? html`<p>The config is the same.</p>`
    : html`<pre
        class="code diff"
        role="region"
        aria-label="Changes of the config"
        tabindex="0"
      ><code>${lines.map((line) => [diffLine(line), '\n'])}</code></pre>`

const diffLine = (line: DiffLine): Html =>
  line.kind === 'skipped'
    ? html`<span class="skipped">⋯ ${line.count} lines the same</span>`
    : html`<span class="${line.kind}"
        ><span aria-hidden="true">${SIGNS[line.kind]} </span
        ><span class="only-heard">${HEARD[line.kind]}</span>${visible(line.text)}</span
      >`

function packageChanges(was: PackageVersions, is: PackageVersions): Html {
  const changed = diffPackages(was, is)
  if (changed.length === 0) return html`<p>Its Debian packages are the same.</p>`
  return html`<table>
    <caption>
      Debian packages
    </caption>
    <thead>
      <tr>
        <th scope="col">Package</th>
        <th scope="col">Was</th>
        <th scope="col">Is</th>
      </tr>
    </thead>
    <tbody>
      ${changed.map(
        ({ name, was, is }) =>
          html`<tr>
            <th scope="row">${visible(name)}</th>
            <td>${was === undefined ? html`<span class="muted">not there</span>` : visible(was)}</td>
            <td>${is === undefined ? html`<span class="muted">gone</span>` : visible(is)}</td>
          </tr>`,
      )}
    </tbody>
  </table>`
}
