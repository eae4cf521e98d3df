import { rollbackTarget } from '#lib/domain/deployment.ts'
import type { LangId } from '#lib/domain/ids.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { DeployWorld, Promoted } from './promote.ts'

/** How far back one can go by one command; what is older can still be promoted by name. */
const HISTORY_MAX = 1000

export type RollbackRefused = { readonly code: 'nothing_before' } | { readonly code: 'live_changed' }

/** Makes live again what was before, or what a deployment of that number served. It was good once, so nothing is compared. */
export async function rollback(
  { deployments, random }: DeployWorld,
  { lang, to, by }: { readonly lang: LangId; readonly to?: number; readonly by: string },
): Promise<Result<Promoted, RollbackRefused>> {
  const history = await deployments.history(lang, HISTORY_MAX)
  const live = history[0]
  const named = history.find(({ number }) => number === to)
  const target = to === undefined ? rollbackTarget(history) : history.find(({ number }) => number === (named?.restores ?? to))
  if (!live || !target) return err({ code: 'nothing_before' })
  const { id } = target
  if (id === live.id) return ok({ number: live.number, id, changed: false, forced: [] })

  const number = live.number + 1
  const added = await deployments.add(
    { lang, number, id, kind: 'rollback', restores: target.number, by, forced: [] },
    random.hex(16),
  )
  return added ? ok({ number, id, changed: true, forced: [] }) : err({ code: 'live_changed' })
}
