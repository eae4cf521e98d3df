import { createHash } from 'node:crypto'

import type { ApiProblem } from '#lib/domain/api-problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { Asker } from '#lib/domain/person.ts'
import type { ApiWorld } from './world.ts'

const KEY = /^[\x21-\x7e]{1,100}$/
const AT_WORK_RETRY_MS = 1000

export type Kept = { readonly status: number; readonly answer: unknown }

/**
 * Does a request once, however often it comes under its `Idempotency-Key`: the answer is kept for a day and given again. What is
 * refused or fails is not kept, so the next may try.
 */
export async function once(
  { idempotency }: Pick<ApiWorld, 'idempotency'>,
  asker: Asker,
  key: string | null,
  request: string,
  work: () => Promise<Result<Kept, ApiProblem>>,
): Promise<Result<Kept, ApiProblem>> {
  if (key === null || asker.kind === 'stranger') return work()
  if (!KEY.test(key)) return err({ code: 'bad_request', issues: [{ field: 'Idempotency-Key', message: 'is no such key' }] })
  const begun = await idempotency.begin(asker.person.id, key, createHash('sha256').update(request).digest('hex'))
  if (begun.kind === 'again') return ok(begun.kept)
  if (begun.kind === 'other') return err({ code: 'key_reused' })
  if (begun.kind === 'at_work') return err({ code: 'key_at_work', retryAfterMs: AT_WORK_RETRY_MS })
  let kept: Kept | undefined
  try {
    const done = await work()
    if (done.ok) await idempotency.keep(asker.person.id, key, (kept = done.value))
    return done
  } finally {
    if (!kept) await idempotency.drop(asker.person.id, key).catch(() => undefined)
  }
}
