import type { IndexEntry } from '#lib/domain/index-filter.ts'

import type { Listed } from './services.ts'

/** Languages in the index: just the fields that leave the server. */
export const indexEntries = (all: readonly Listed[]): readonly IndexEntry[] =>
  all.map(({ language: { id, name, aliases, info }, readiness }) => ({
    id,
    name,
    aliases: [...aliases],
    ...(info.desc === undefined ? {} : { desc: info.desc }),
    ...(info.year === undefined ? {} : { year: info.year }),
    kind: lower(info.category),
    paradigm: lower(info.paradigm),
    typing: lower(info.typing),
    needs: readiness.ready ? [] : [...(readiness.packages.length > 0 ? readiness.packages : readiness.missing)],
  }))

const lower = (values: readonly string[] | undefined) => (values ?? []).map((value) => value.toLowerCase())
