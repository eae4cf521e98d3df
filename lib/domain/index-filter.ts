import { QUERY_CHARS_MAX, searchLanguages } from './search-languages.ts'

/** A language as the index shows it. */
export type IndexEntry = {
  readonly id: string
  readonly name: string
  readonly aliases: readonly string[]
  readonly desc?: string
  readonly year?: number
  readonly kind: readonly string[]
  readonly paradigm: readonly string[]
  readonly typing: readonly string[]
  /** What is missing on this machine; empty for one that is ready. */
  readonly needs: readonly string[]
}

/** The lists that can be chosen from; each is a field of a language and a name in the address. */
export const FACETS = ['kind', 'paradigm', 'typing'] as const
export type Facet = (typeof FACETS)[number]

export type IndexFilter = {
  readonly words: string
  readonly kind?: string
  readonly paradigm?: string
  readonly typing?: string
  readonly years?: Years
  readonly isReady: boolean
}

/** Both ends count. */
export type Years = { readonly from: number; readonly to: number }

/** Longest value of a facet that is looked at; the schema of configs allows no longer one. */
const VALUE_CHARS_MAX = 50

/** Those that the filter lets through, best first where words are searched for. */
export function filterEntries(entries: readonly IndexEntry[], filter: IndexFilter): readonly IndexEntry[] {
  const { years, isReady } = filter
  const fit = entries.filter(
    (entry) =>
      FACETS.every((facet) => filter[facet] === undefined || entry[facet].includes(filter[facet])) &&
      (!years || (entry.year !== undefined && years.from <= entry.year && entry.year <= years.to)) &&
      (!isReady || entry.needs.length === 0),
  )
  return searchLanguages(fit, filter.words)
}

/** A filter as an address has it; what is not understood is left out. */
export function filterOf(query: URLSearchParams): IndexFilter {
  const value = (name: string) => query.get(name)?.trim().toLowerCase().slice(0, VALUE_CHARS_MAX) || undefined
  const years = yearsOf(query.get('years') ?? '')
  return {
    words: (query.get('q') ?? '').trim().slice(0, QUERY_CHARS_MAX),
    ...present('kind', value('kind')),
    ...present('paradigm', value('paradigm')),
    ...present('typing', value('typing')),
    ...(years && { years }),
    isReady: query.get('ready') === 'yes',
  }
}

/** The address of a filter, the shortest there is; empty when it lets everything through. */
export function queryOf(filter: IndexFilter): string {
  const query = new URLSearchParams()
  if (filter.words !== '') query.set('q', filter.words)
  for (const facet of FACETS) if (filter[facet] !== undefined) query.set(facet, filter[facet])
  if (filter.years) query.set('years', yearsText(filter.years))
  if (filter.isReady) query.set('ready', 'yes')
  return query.size === 0 ? '' : `?${query}`
}

/** `1990s`, `1957-1980` or `1991`. */
export function yearsOf(text: string): Years | undefined {
  const [, first, last] = /^\s*(\d{4})(?:s|\s*[-–]\s*(\d{4}))?\s*$/.exec(text) ?? []
  if (first === undefined) return undefined
  const from = Number(first)
  if (last !== undefined) return { from: Math.min(from, Number(last)), to: Math.max(from, Number(last)) }
  return { from, to: text.includes('s') ? from + 9 : from }
}

export function yearsText({ from, to }: Years): string {
  if (from % 10 === 0 && to === from + 9) return `${from}s`
  return from === to ? `${from}` : `${from}-${to}`
}

export type Choice = { readonly value: string; readonly count: number }

/** The values that languages have of a facet, by name, with how many have each. */
export const choicesOf = (entries: readonly IndexEntry[], facet: Facet): readonly Choice[] =>
  counted(entries.flatMap((entry) => [...new Set(entry[facet])]))

/** The decades in which languages came out. */
export const decadesOf = (entries: readonly IndexEntry[]): readonly Choice[] =>
  counted(entries.flatMap(({ year }) => (year === undefined ? [] : [`${Math.floor(year / 10) * 10}s`])))

function counted(values: readonly string[]): readonly Choice[] {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].map(([value, count]) => ({ value, count })).toSorted((a, b) => (a.value < b.value ? -1 : 1))
}

const present = <Name extends Facet>(name: Name, value: string | undefined) => (value === undefined ? {} : { [name]: value })

/** What the count beside the list says. */
export function countWords(found: number, all: number): string {
  if (found === all) return all === 1 ? '1 language' : `${all} languages`
  return found === 0 ? 'None fits' : `${found} of ${all} languages`
}
