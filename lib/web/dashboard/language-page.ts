import type {
  BuildFigure,
  BuildOverview,
  CheckHistory,
  DeployedText,
  LanguageOverview,
} from '#lib/application/ports/overviews.ts'
import type { Deployment } from '#lib/domain/deployment.ts'
import type { PackageVersions } from '#lib/domain/diff-packages.ts'
import { visible } from '#lib/domain/visible-text.ts'
import { yamlTokens } from '#lib/domain/yaml-tokens.ts'

import type { PlainPage } from '../plain/document.ts'
import { html, type Html } from '../plain/html.ts'
import { buildsTable } from './builds-page.ts'
import { chart } from './charts.ts'
import { deploymentsSection } from './deployments-section.ts'
import { dashboardPage } from './frame.ts'
import {
  buildPath,
  bytes,
  checkChip,
  checkTone,
  checkWords,
  count,
  digestCode,
  duration,
  needChip,
  time,
  wholeDigest,
} from './words.ts'

/** Lines of a config that are shown; the schema allows texts that nobody reads here. */
const CONFIG_LINES_MAX = 3000

export type LanguageParts = {
  readonly overview: LanguageOverview
  /** Whether a visitor can open it here. */
  readonly isReady: boolean
  readonly config: string | undefined
  readonly packages: PackageVersions
  readonly history: readonly Deployment[]
  /** The two that are compared, the earlier one first. */
  readonly compared: readonly [DeployedText, DeployedText] | undefined
  readonly checks: readonly CheckHistory[]
  readonly figures: readonly BuildFigure[]
  readonly builds: readonly BuildOverview[]
}

export function languagePage(parts: LanguageParts, now: Date): PlainPage {
  const { overview, isReady, config, packages, history, compared, checks, figures, builds } = parts
  return dashboardPage({
    title: overview.name,
    place: '/dashboard',
    live: `lang:${overview.lang}`,
    main: html`<div class="head">
        <h1>${visible(overview.name)}</h1>
        ${
          isReady
            ? html`<p><a class="button primary" href="/${encodeURIComponent(overview.lang)}">Try it</a></p>`
            : html`<p class="muted">It cannot be tried here yet.</p>`
        }
      </div>
      <div id="facts" data-live>${facts(overview, now)}</div>
      <section id="checks" data-live aria-labelledby="checks-title">${checksTable(checks)}</section>
      <div class="charts" id="figures" data-live>${buildTime(figures)}${imageSize(figures)}</div>
      <div id="history" data-live>${deploymentsSection(overview.lang, history, compared, now)}</div>
      ${
        builds.length > 0 &&
        html`<section id="built" data-live>
          <h2>Builds</h2>
          ${buildsTable(builds, now)}
          <p><a href="/dashboard/builds?lang=${encodeURIComponent(overview.lang)}">All builds of ${visible(overview.name)}</a></p>
        </section>`
      }
      <div id="config" data-live>${config !== undefined && configText(config, overview)} ${packageList(packages)}</div>`,
  })
}

const facts = (overview: LanguageOverview, now: Date): Html =>
  html`${overview.needs.length > 0 && html`<p class="verdict">${overview.needs.map((need) => needChip(need))}</p>`}
    <dl class="facts">
      <dt>Live</dt>
      <dd>
        ${overview.live ? html`since ${time(overview.live.at, now)}, deployment ${overview.live.number} by ${visible(overview.live.by)}` : 'nothing is; below is what was built last'}
      </dd>
      ${
        overview.version !== undefined &&
        html`<dt>Version</dt>
          <dd>${visible(overview.version)}</dd>`
      }
      ${
        overview.builtAt &&
        html`<dt>Built</dt>
          <dd>${time(overview.builtAt, now)}</dd>`
      }
      ${
        overview.image &&
        html`<dt>Image</dt>
          <dd>
            ${wholeDigest(overview.image)}
            ${overview.imageBytes !== undefined && html`<span class="muted">${bytes(overview.imageBytes)}</span>`}
          </dd>`
      }
      ${
        overview.base &&
        html`<dt>Base</dt>
          <dd>${visible(overview.base.name)} ${digestCode(overview.base.digest)}</dd>`
      }
      ${
        overview.agent !== undefined &&
        html`<dt>Agent</dt>
          <dd>${visible(overview.agent)}</dd>`
      }
      ${
        overview.config &&
        html`<dt>Config</dt>
          <dd>${wholeDigest(overview.config)}</dd>`
      }
    </dl>`

const checksTable = (checks: readonly CheckHistory[]): Html =>
  html`<h2 id="checks-title">Checks</h2>
    ${
      checks.length === 0
        ? html`<p class="muted">None was ever made.</p>`
        : html`<table class="wide checks-table">
            <thead>
              <tr>
                <th scope="col">Check</th>
                <th scope="col">Newest</th>
                <th scope="col">Passed</th>
                <th scope="col" class="flaky">Flaky</th>
                <th scope="col" class="took">Takes</th>
                <th scope="col" class="latest">Last runs, newest first</th>
              </tr>
            </thead>
            <tbody>
              ${checks.map(checkRow)}
            </tbody>
          </table>`
    }`

function checkRow({ check, runs, passed, skipped, repeated, flaky, medianMs, latest }: CheckHistory): Html {
  const made = runs - skipped
  const newest = latest[0]?.outcome
  return html`<tr>
    <th scope="row">${check}</th>
    <td>${newest && checkChip(newest)}</td>
    <td>${made > 0 && `${passed} of ${made}`}</td>
    <td class="flaky">
      ${
        repeated === 0
          ? html`<span class="muted">never made twice of the same</span>`
          : flaky === 0
            ? 'no'
            : html`<span class="bad">${Math.round((flaky / repeated) * 100)} % (${flaky} of ${repeated})</span>`
      }
    </td>
    <td class="took">${made > 0 && duration(medianMs)}</td>
    <td class="latest">
      <ol class="strip">
        ${latest.map(({ build, outcome }) => {
          const [sign, tone] = checkTone(outcome)
          return html`<li>
            <a
              class="mark ${tone}"
              href="${buildPath(build)}"
              title="${checkWords(outcome)}"
              aria-label="${checkWords(outcome)}, build ${build}"
              >${sign}</a
            >
          </li>`
        })}
      </ol>
    </td>
  </tr>`
}

const buildTime = (figures: readonly BuildFigure[]): Html =>
  chart({
    id: 'build-time',
    title: 'Time to build',
    columns: ['Build', 'Took'],
    scale: (ms) => (ms === 0 ? '0' : duration(ms)),
    bars: figures.map(({ at, ms, outcome }) => ({
      label: at.toISOString().slice(0, 10),
      value: ms,
      ...(outcome === 'failed' || outcome === 'timeout' ? { tone: 'bad' as const } : {}),
      shown: ms === undefined ? 'never begun' : `${duration(ms)}, ${outcome === 'ok' ? 'went well' : outcome}`,
    })),
  })

const imageSize = (figures: readonly BuildFigure[]): Html =>
  chart({
    id: 'image-size',
    title: 'Size of the image',
    columns: ['Build', 'Size'],
    scale: (size) => (size === 0 ? '0' : bytes(Math.round(size))),
    bars: figures.map(({ at, imageBytes }) => ({
      label: at.toISOString().slice(0, 10),
      value: imageBytes,
      shown: imageBytes === undefined ? 'no image came of it' : bytes(imageBytes),
    })),
  })

/** Exactly as it was built, but for what one would not see, which is spelled out. */
function configText(text: string, { lang, live }: LanguageOverview): Html {
  const lines = yamlTokens(text)
  const shown = lines.slice(0, CONFIG_LINES_MAX)
  return html`<section aria-labelledby="config-title">
    <h2 id="config-title">Config</h2>
    <p class="muted">${live ? 'As it was built and is live.' : 'As it was built last.'}</p>
    <pre class="code" role="region" aria-label="Config of ${lang}" tabindex="0"><code>${shown.map((tokens, at) => [
      at > 0 && '\n',
      tokens.map(({ kind, text }) => (kind === 'text' ? visible(text) : html`<span class="y-${kind}">${visible(text)}</span>`)),
    ])}</code></pre>
    ${lines.length > shown.length && html`<p>${count(lines.length - shown.length, 'more line')}.</p>`}
  </section>`
}

const packageList = (packages: PackageVersions): Html | undefined => {
  const names = Object.keys(packages).toSorted()
  if (names.length === 0) return undefined
  return html`<details class="packages">
    <summary>${count(names.length, 'Debian package')}</summary>
    <table>
      <thead>
        <tr>
          <th scope="col">Package</th>
          <th scope="col">Version</th>
        </tr>
      </thead>
      <tbody>
        ${names.map(
          (name) =>
            html`<tr>
              <th scope="row">${visible(name)}</th>
              <td>${visible(String(packages[name]))}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </details>`
}
