import { z } from 'zod'

import { digest, type Digest, digestHex } from '#lib/domain/digest.ts'
import { type Repository, repository, type Tag, tag } from '#lib/domain/repository.ts'
import type { RegistryHttp } from './http.ts'

const PAGE = 100
const PAGES_MAX = 10_000
const catalogPage = z.object({ repositories: z.array(z.string()).nullish() })
const tagsPage = z.object({ tags: z.array(z.string()).nullish() })

/**
 * Registries tell no time of a push, and forget manifests that have no tag. So each push leaves a tag that says its time
 * and digest; these are not shown.
 */
const PUSHED = /^at-(\d{13,16})-([0-9a-f]{64})$/
export const pushedTag = (digest: Digest, at: Date) => `at-${String(at.getTime()).padStart(13, '0')}-${digestHex(digest)}`

export type Shelf = {
  /** When each manifest was pushed last. */
  readonly pushedAt: ReadonlyMap<Digest, Date>
  readonly tags: readonly Tag[]
}

export async function repositoriesOf(http: RegistryHttp): Promise<readonly Repository[]> {
  const names = await pages(http, `/v2/_catalog?n=${PAGE}`, (json) => catalogPage.parse(json).repositories)
  return names.flatMap((name) => {
    const ours = repository(name)
    return ours.ok ? [ours.value] : []
  })
}

export async function shelfOf(http: RegistryHttp, where: Repository): Promise<Shelf> {
  const [pushedAt, tags] = [new Map<Digest, Date>(), new Array<Tag>()]
  for (const name of await pages(http, `/v2/${where}/tags/list?n=${PAGE}`, (json) => tagsPage.parse(json).tags)) {
    const [, time, hex] = PUSHED.exec(name) ?? []
    const [pushed, named] = [digest(`sha256:${hex}`), tag(name)]
    if (pushed.ok) {
      const at = new Date(Number(time))
      if (at > (pushedAt.get(pushed.value) ?? 0)) pushedAt.set(pushed.value, at)
    } else if (named.ok) tags.push(named.value)
  }
  return { pushedAt, tags }
}

async function pages(http: RegistryHttp, first: string, read: (json: unknown) => string[] | null | undefined): Promise<string[]> {
  const all: string[] = []
  let next: string | undefined = first
  for (let page = 1; next && page <= PAGES_MAX; page++) {
    const answer: Response = await http.call('GET', next, [200, 404])
    if (answer.status === 404) {
      await answer.body?.cancel()
      return all
    }
    all.push(...(read(await answer.json()) ?? []))
    next = /<([^>]+)>;\s*rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  return all
}
