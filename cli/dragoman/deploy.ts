import { promote as promoteIt, type PromoteRefused } from '#lib/application/deployments/promote.ts'
import { rollback as rollBackIt, type RollbackRefused } from '#lib/application/deployments/rollback.ts'
import type { WhichTested } from '#lib/application/ports/deployments.ts'
import type { Digest } from '#lib/domain/digest.ts'
import { buildId, langId } from '#lib/domain/ids.ts'
import type { Result } from '#lib/domain/result.ts'

import type { Options } from './options.ts'
import { jsonResult, note, result, table } from './print.ts'
import { day, short } from './query.ts'
import { actor, withWorkshop } from './workshop.ts'

/** Makes what was tested live: a language's newest, or what a build tested. */
export async function promote({ names, build, force, json }: Options): Promise<number> {
  const lang = langId(names[0] ?? '')
  const id = buildId(build ?? '')
  if (!lang || (build !== undefined && !id)) return unknown(build ?? names[0])
  const which: WhichTested = id ? { build: id } : 'newest'
  const done = await withWorkshop((world) => promoteIt(world, { lang, which, by: actor(), force }))
  return told(lang, done, json)
}

export async function rollback({ names, to, json }: Options): Promise<number> {
  const lang = langId(names[0] ?? '')
  if (!lang) return unknown(names[0])
  const done = await withWorkshop((world) => rollBackIt(world, { lang, by: actor(), ...(to !== undefined && { to }) }))
  return told(lang, done, json)
}

/** What each language serves, and whether something newer was tested. */
export async function status({ names, json }: Options): Promise<number> {
  const found = await withWorkshop(({ deployments }) =>
    deployments.status(names.length === 0 ? undefined : names.flatMap((name) => langId(name) ?? [])),
  )
  if (json) jsonResult(found)
  else {
    const rows = found.map(({ lang, live, newest, build }) => [
      ...[lang, live ? `${live.number}` : '-', short(live?.combination.image), live?.combination.agent ?? '-'],
      ...[day(live?.at), newest !== undefined && newest !== live?.id ? short(newest) : ''],
      build ? `${build.id} ${build.outcome ?? 'at work'}` : '',
    ])
    result(table([['language', 'live', 'image', 'agent', 'since', 'to promote', 'last build'], ...rows]))
  }
  const missing = names.filter((name) => !found.some(({ lang }) => lang === name))
  if (missing.length > 0) note(`Nothing is known of ${missing.join(', ')}`)
  return missing.length === 0 ? 0 : 1
}

type Told = { readonly number: number; readonly id: Digest; readonly changed: boolean }

function told(lang: string, done: Result<Told, PromoteRefused | RollbackRefused>, json: boolean): number {
  if (json) jsonResult(done.ok ? { ok: true, lang, ...done.value } : { ok: false, lang, ...done.error })
  else if (!done.ok) note(`dragoman: ${lang}: ${words(done.error)}`)
  else result(`${lang}: ${done.value.changed ? 'now' : 'already'} ${short(done.value.id)} (deployment ${done.value.number})`)
  return done.ok ? 0 : 1
}

export function words(refused: PromoteRefused | RollbackRefused): string {
  switch (refused.code) {
    case 'not_tested':
      return 'nothing of it was tested'
    case 'live_changed':
      return 'somebody else deployed just now; look again'
    case 'nothing_before':
      return 'there is nothing to go back to'
    case 'regression': {
      const lost = refused.regressions.map(({ check, was, is }) => `${check} was ${was} and is ${is}`)
      return `${lost.join(', ')}; --force ${refused.regressions.map(({ check }) => check).join(',')} lets it through`
    }
    default:
      return refused satisfies never
  }
}

function unknown(name: string | undefined): number {
  note(`dragoman: ${JSON.stringify(name ?? '')} is no name of a language or a build`)
  return 2
}
