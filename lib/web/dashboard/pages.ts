import { createHash } from 'node:crypto'

import type { ListedAgent } from '#lib/application/agents/list-agents.ts'
import { type LogWindow, logWindow } from '#lib/application/dashboard/log-window.ts'
import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { DeployedText, Overviews } from '#lib/application/ports/overviews.ts'
import { type BuildId, buildId, type LangId, langId } from '#lib/domain/ids.ts'
import { type BuildsQuery, buildsQuery, overviewQuery } from '#lib/domain/overview-query.ts'

import type { PlainPage } from '../plain/document.ts'
import type { Html } from '../plain/html.ts'
import { html } from '../plain/html.ts'
import type { Services } from '../services.ts'
import { buildPage } from './build-page.ts'
import { buildRow, buildsPage, PAGE_BUILDS } from './builds-page.ts'
import { missingThing, type Place } from './frame.ts'
import { languagePage } from './language-page.ts'
import { languageRow, languagesPage } from './languages-page.ts'
import { agentsPage, basesPage } from './lists-pages.ts'

/** Days and hours that the charts of all builds look back. */
const DAYS = 30
const HOURS = 48
/** Builds in a language's charts, and in its table. */
const FIGURES_MAX = 40
const BUILDS_MAX = 10
const HISTORY_MAX = 50
/** Rows that a page may ask for anew at once; for more it loads itself. */
export const ROWS_MAX = 50

export type PagesWorld = {
  readonly overviews: Overviews
  readonly agents: () => Promise<readonly ListedAgent[]>
  readonly logs: Parameters<typeof logWindow>[0]
  readonly languages: Services['languages']
  readonly today: () => Date
  readonly log: Log
}

/** A page to be put into a document, or rows that stand by themselves. */
export type Made = { readonly status: 200 | 404 } & ({ readonly page: PlainPage } | { readonly rows: Html })
export type Maker = { readonly place: Place; readonly make: () => Promise<Made> }

/** What answers for a path below `/dashboard`; what is not a page there is a page that says so. Nothing here changes anything. */
export function dashboardMaker(world: PagesWorld, path: string, query: URLSearchParams): Maker {
  const [, , first = '', second = '', ...more] = path.replace(/\/$/, '').split('/')
  const missing = (what: string, place: Place): Maker => ({ place, make: async () => found(404, missingThing(what, place)) })
  if (more.length > 0) return missing('page', '/dashboard')
  const at = (place: Place, make: () => Promise<Made>): Maker => ({ place, make })
  if (first === '') return at('/dashboard', () => languages(world, query))
  if (second === '') {
    if (first === 'rows') return at('/dashboard', () => languageRows(world, query))
    if (first === 'builds') return at('/dashboard/builds', () => builds(world, buildsQuery(query)))
    if (first === 'agents')
      return at('/dashboard/agents', async () => found(200, agentsPage(await world.agents(), world.today())))
    if (first === 'bases')
      return at('/dashboard/bases', async () => found(200, basesPage(await world.overviews.bases(), world.today())))
    const lang = langId(decoded(first))
    return lang ? at('/dashboard', () => language(world, lang, query)) : missing('language', '/dashboard')
  }
  if (first !== 'builds') return missing('page', '/dashboard')
  if (second === 'rows') return at('/dashboard/builds', () => buildRows(world, query))
  const id = buildId(second)
  return id ? at('/dashboard/builds', () => build(world, id, lineOf(query))) : missing('build', '/dashboard/builds')
}

const found = (status: Made['status'], page: PlainPage): Made => ({ status, page })

/** Not everybody escapes the plus of `c++`, nor has to. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}

const known = ({ languages }: PagesWorld) => languages().map(({ language: { id, name } }) => ({ id, name }))

async function languages(world: PagesWorld, query: URLSearchParams): Promise<Made> {
  const asked = overviewQuery(query)
  return found(200, languagesPage(await world.overviews.languages(asked, known(world)), asked, world.today()))
}

const ANY = overviewQuery(new URLSearchParams())

async function languageRows(world: PagesWorld, query: URLSearchParams): Promise<Made> {
  const only = query
    .getAll('id')
    .slice(0, ROWS_MAX)
    .flatMap((id) => langId(id) ?? [])
  const { languages } = await world.overviews.languages(
    ANY,
    known(world).filter(({ id }) => only.includes(id)),
    only,
  )
  return rows(languages.map((language) => languageRow(language, world.today())))
}

async function buildRows({ overviews, today }: PagesWorld, query: URLSearchParams): Promise<Made> {
  const only = query
    .getAll('id')
    .slice(0, ROWS_MAX)
    .flatMap((id) => buildId(id) ?? [])
  return rows((await overviews.builds({}, ROWS_MAX, only)).map((build) => buildRow(build, today())))
}

/** Rows may stand in a table alone, also for the reader that takes them out of it. */
const rows = (rows: readonly Html[]): Made => ({
  status: 200,
  rows: html`<table>
    <tbody>
      ${rows}
    </tbody>
  </table>`,
})

async function builds({ overviews, today }: PagesWorld, query: BuildsQuery): Promise<Made> {
  const isWhole = !query.lang && !query.state && !query.below
  const [page, days, hours] = await Promise.all([
    overviews.builds(query, PAGE_BUILDS + 1),
    isWhole ? overviews.dayFigures(DAYS) : [],
    isWhole ? overviews.queueFigures(HOURS) : [],
  ])
  return found(200, buildsPage(page, query, isWhole ? { days, hours } : undefined, today()))
}

async function build(world: PagesWorld, id: BuildId, line: number | undefined): Promise<Made> {
  const [detail, log] = await Promise.all([world.overviews.build(id), readableLog(world, id, line)])
  return detail ? found(200, buildPage(detail, log, line, world.today())) : found(404, missingThing('build', '/dashboard/builds'))
}

/** The object store may be away while the records are not. */
async function readableLog({ logs, log }: PagesWorld, id: BuildId, line: number | undefined): Promise<LogWindow | undefined> {
  try {
    return await logWindow(logs, id, line)
  } catch (error) {
    log.warn('log cannot be shown', { build: id, error: errorText(error) })
    return undefined
  }
}

function lineOf(query: URLSearchParams): number | undefined {
  const text = query.get('line') ?? ''
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}

async function language(world: PagesWorld, lang: LangId, query: URLSearchParams): Promise<Made> {
  const { overviews, today } = world
  const listed = world.languages().find(({ language }) => language.id === lang)
  const name = listed ? [{ id: lang, name: listed.language.name }] : []
  const [overview] = (await overviews.languages(ANY, name, [lang])).languages
  if (!overview) return found(404, missingThing('language', '/dashboard'))
  const numbers = ['from', 'to'].map((end) => Number(/^\d{1,6}$/.exec(query.get(end) ?? '')?.[0] ?? 0))
  const live = overview.live?.number
  const [config, history, checks, figures, builds, deployed] = await Promise.all([
    overview.config && overviews.config(overview.config),
    overviews.history(lang, HISTORY_MAX),
    overviews.checks(lang),
    overviews.buildFigures(lang, FIGURES_MAX),
    overviews.builds({ lang }, BUILDS_MAX),
    overviews.deployed(lang, live === undefined ? numbers : [...numbers, live]),
  ])
  return found(
    200,
    languagePage(
      {
        ...{ overview, config, history, checks, figures, builds },
        isReady: listed?.readiness.ready === true,
        packages: deployed.find(({ number }) => number === live)?.packages ?? {},
        compared: compared(deployed, numbers),
      },
      today(),
    ),
  )
}

/** The two of an address, the earlier one first; undefined unless both were, and are two. */
function compared(
  deployed: readonly DeployedText[],
  numbers: readonly number[],
): readonly [DeployedText, DeployedText] | undefined {
  const [was, is] = numbers.toSorted((a, b) => a - b).map((wanted) => deployed.find(({ number }) => number === wanted))
  return was && is && was !== is ? [was, is] : undefined
}

/** A document by its content, wherever it was made. */
export const etagOf = (document: Buffer): string =>
  `W/"${createHash('sha256').update(document).digest('base64url').slice(0, 27)}"`
