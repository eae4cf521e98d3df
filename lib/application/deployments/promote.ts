import type { Deployments, WhichTested } from '#lib/application/ports/deployments.ts'
import type { Random } from '#lib/application/ports/time.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { LangId } from '#lib/domain/ids.ts'
import type { Check } from '#lib/domain/language.ts'
import { type Regression, regressions } from '#lib/domain/regression.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

export type DeployWorld = { readonly deployments: Deployments; readonly random: Random }

export type Promotion = {
  readonly lang: LangId
  readonly which: WhichTested
  readonly by: string
  /** Regressions that are let through, by name; none else is. */
  readonly force: readonly Check[]
}

export type PromoteRefused =
  /** Nothing of that name was tested. */
  | { readonly code: 'not_tested' }
  | { readonly code: 'regression'; readonly regressions: readonly Regression[] }
  /** Somebody else deployed in the same moment; what this was compared with is no longer live. */
  | { readonly code: 'live_changed' }

/** `changed` is false when it was live already: asking twice is asking once. */
export type Promoted = {
  readonly number: number
  readonly id: Digest
  readonly changed: boolean
  readonly forced: readonly Check[]
}

/** Makes a tested combination live, unless a check that the live one passes would be lost. */
export async function promote({ deployments, random }: DeployWorld, ask: Promotion): Promise<Result<Promoted, PromoteRefused>> {
  const { lang, by, force } = ask
  const [live] = await deployments.history(lang, 1)
  const candidate = await deployments.tested(lang, ask.which)
  if (!candidate || Object.keys(candidate.results).length === 0) return err({ code: 'not_tested' })
  const { id } = candidate
  if (live?.id === id) return ok({ number: live.number, id, changed: false, forced: [] })

  const lastGood = live && (await deployments.tested(lang, { id: live.id }))
  const lost = regressions(lastGood?.results, candidate.results)
  const refused = lost.filter(({ check }) => !force.includes(check))
  if (refused.length > 0) return err({ code: 'regression', regressions: refused })

  const number = (live?.number ?? 0) + 1
  const forced = lost.map(({ check }) => check)
  const added = await deployments.add({ lang, number, id, kind: 'promote', restores: undefined, by, forced }, random.hex(16))
  return added ? ok({ number, id, changed: true, forced }) : err({ code: 'live_changed' })
}
