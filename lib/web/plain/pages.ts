import { randomInt } from 'node:crypto'

import { filterEntries, filterOf, queryOf } from '#lib/domain/index-filter.ts'

import { languageName } from '../language-redirect.ts'
import { indexEntries } from '../present-index.ts'
import type { Services } from '../services.ts'
import { apiPage } from './api-page.ts'
import { type PlainAssets, plainDocument } from './document.ts'
import { indexPage } from './index-page.ts'
import { missingPage } from './missing-page.ts'

export type PlainAnswer =
  | { readonly status: 200 | 404; readonly document: (assets: PlainAssets, nonce: string) => string }
  | { readonly status: 302; readonly location: string }

/**
 * The pages that need no framework: the index, the API, a random language, and what stands where there is nothing. Undefined for
 * an address that Next knows: a language's, or one below a name in `taken`, the first parts that are its own.
 */
export function plainPages(services: Pick<Services, 'languages' | 'find'>, taken: ReadonlySet<string>) {
  return (target: string): PlainAnswer | undefined => {
    const [path = '/', query = ''] = target.split('?', 2)
    if (path === '/') return page(200, indexPage(indexEntries(services.languages()), filterOf(new URLSearchParams(query))))
    if (path === '/api') return page(200, apiPage())
    if (path === '/random') return random(services, query)
    if (taken.has(path.split('/', 2)[1] ?? '')) return undefined
    const name = languageName(path)
    const found = name === undefined ? undefined : services.find(name)
    if (found && found.kind !== 'none') return undefined
    return page(404, missingPage(name, found ? named(services, found.near) : []))
  }
}

const page = (status: 200 | 404, content: Parameters<typeof plainDocument>[0]): PlainAnswer => ({
  status,
  document: (assets, nonce) => plainDocument(content, assets, nonce),
})

/** One of those that fit and run here; the index says why when there is none. */
function random(services: Pick<Services, 'languages'>, query: string): PlainAnswer {
  const filter = filterOf(new URLSearchParams(query))
  const fit = filterEntries(indexEntries(services.languages()), { ...filter, isReady: true })
  const chosen = fit.length > 0 ? fit[randomInt(fit.length)] : undefined
  return { status: 302, location: chosen ? `/${chosen.id}` : `/${queryOf(filter)}` }
}

const named = (services: Pick<Services, 'languages'>, ids: readonly string[]) =>
  ids.map((id) => ({ id, name: services.languages().find(({ language }) => language.id === id)?.language.name ?? id }))
