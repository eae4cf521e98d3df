import { retryBuild } from '#lib/application/builds/request-build.ts'
import type { BuildStatus } from '#lib/application/ports/build-queue.ts'
import { OUTCOMES, PRIORITIES } from '#lib/domain/build.ts'
import { buildId, langId } from '#lib/domain/ids.ts'

import type { Options } from './options.ts'
import { jsonResult, note, result, table } from './print.ts'
import { actor, withWorkshop } from './workshop.ts'

/** As many as one looks at. */
const LISTED_MAX = 50

/** The newest builds, of a language or of all. */
export async function builds({ names, json }: Options): Promise<number> {
  const lang = names[0] === undefined ? undefined : langId(names[0])
  if (names[0] !== undefined && !lang) return noBuild(names[0])
  const found = await withWorkshop(({ queue }) => queue.list({ max: LISTED_MAX, ...(lang && { lang }) }))
  if (json) jsonResult(found)
  else result(table([['build', 'language', 'asked by', 'at', 'stands'], ...found.map(row)]))
  return 0
}

/** Asks for a build's end. */
export async function cancel({ names, json }: Options): Promise<number> {
  const build = buildId(names[0] ?? '')
  if (!build) return noBuild(names[0])
  const was = await withWorkshop(({ queue }) => queue.cancel(build, actor()))
  if (json) jsonResult({ ok: was, build })
  else if (was) result(`${build}: told to stop`)
  else note(`dragoman: ${build} is not at work`)
  return was ? 0 : 1
}

/** Asks for a build once more, with the same inputs. */
export async function retry({ names, json }: Options): Promise<number> {
  const build = buildId(names[0] ?? '')
  if (!build) return noBuild(names[0])
  const asked = await withWorkshop((world) => retryBuild(world, { build, by: actor(), priority: PRIORITIES.person }))
  if (json) jsonResult(asked.ok ? { ok: true, ...asked.value } : { ok: false, ...asked.error })
  else if (asked.ok) result(`${asked.value.build}: ${asked.value.how}`)
  else note(`dragoman: ${build}: ${asked.error.code.replaceAll('_', ' ')}`)
  return asked.ok ? 0 : 1
}

function row({ id, lang, by, requestedAt, outcome, reason, steps }: BuildStatus): string[] {
  const at = steps.find(({ state }) => state === 'running' || state === 'ready')
  const stands = outcome ? `${OUTCOMES[outcome].words}${reason ? `: ${reason}` : ''}` : at ? `${at.step} ${at.state}` : 'stops'
  return [id, lang, by, requestedAt.toISOString().slice(0, 16).replace('T', ' '), stands]
}

export function noBuild(name: string | undefined): number {
  note(`dragoman: ${JSON.stringify(name ?? '')} is no name of a build or a language`)
  return 2
}
