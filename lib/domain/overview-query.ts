import { type Attention, isAttention } from './attention.ts'
import { OUTCOMES, type Outcome } from './build.ts'
import { type BuildId, buildId, type LangId, langId } from './ids.ts'
import { QUERY_CHARS_MAX } from './search-languages.ts'

/** What the table of languages may be sorted by, each with the direction that one wants first. */
export const SORTS = {
  name: 'up',
  version: 'up',
  base: 'up',
  agent: 'down',
  size: 'down',
  built: 'down',
  builds: 'down',
} as const
export type Sort = keyof typeof SORTS

/** What an address asks of the table of languages. */
export type OverviewQuery = {
  readonly words: string
  /** `any` of the reasons to look, or one. */
  readonly needs?: Attention | 'any'
  readonly sort: Sort
  readonly isDown: boolean
}

/** What is not understood is left out, so every address is a page. */
export function overviewQuery(query: URLSearchParams): OverviewQuery {
  const needs = query.get('needs') ?? ''
  const asked = query.get('sort') ?? ''
  const sort: Sort = isSort(asked) ? asked : 'name'
  const order = query.get('order')
  return {
    words: (query.get('q') ?? '').trim().slice(0, QUERY_CHARS_MAX),
    ...(needs === 'any' || isAttention(needs) ? { needs } : {}),
    sort,
    isDown: order === 'down' || (order !== 'up' && SORTS[sort] === 'down'),
  }
}

const isSort = (text: string): text is Sort => Object.hasOwn(SORTS, text)

/** The shortest address that asks for this. */
export function overviewPath({ words, needs, sort, isDown }: OverviewQuery): string {
  const query = new URLSearchParams()
  if (words !== '') query.set('q', words)
  if (needs) query.set('needs', needs)
  if (sort !== 'name') query.set('sort', sort)
  if (isDown !== (SORTS[sort] === 'down')) query.set('order', isDown ? 'down' : 'up')
  return query.size === 0 ? '/dashboard' : `/dashboard?${query}`
}

/** The last build of a page; the next page begins below it. */
export type BuildsPlace = { readonly at: Date; readonly id: BuildId }

export type BuildsQuery = {
  readonly lang?: LangId
  /** `open`, or how they ended. */
  readonly state?: Outcome | 'open'
  readonly below?: BuildsPlace | undefined
}

export function buildsQuery(query: URLSearchParams): BuildsQuery {
  const lang = langId(query.get('lang') ?? '')
  const state = query.get('state') ?? ''
  const below = placeOf(query.get('below') ?? '')
  return {
    ...(lang && { lang }),
    ...(state === 'open' || isOutcome(state) ? { state } : {}),
    ...(below && { below }),
  }
}

export function buildsPath({ lang, state, below }: BuildsQuery): string {
  const query = new URLSearchParams()
  if (lang) query.set('lang', lang)
  if (state) query.set('state', state)
  if (below) query.set('below', `${below.at.getTime()}.${below.id}`)
  return query.size === 0 ? '/dashboard/builds' : `/dashboard/builds?${query}`
}

const isOutcome = (text: string): text is Outcome => Object.hasOwn(OUTCOMES, text)

function placeOf(text: string): BuildsPlace | undefined {
  const [, ms = '', name = ''] = /^(\d{1,13})\.(\w+)$/.exec(text) ?? []
  const id = buildId(name)
  const at = new Date(Number(ms))
  return id && ms !== '' && !Number.isNaN(at.getTime()) ? { at, id } : undefined
}
