import type { z } from 'zod'

import type { Action } from '#lib/domain/may.ts'
import type { ApiProblemCode } from '#lib/domain/api-problem.ts'

/** Every path is below this. */
export const API_PREFIX = '/api/v1'

/** One thing that can be asked over HTTP. The document, the router, the parsing and the client are made of it. */
export type Operation = {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below {@link API_PREFIX}; parameters stand in braces. */
  readonly path: string
  readonly summary: string
  /** What one must be allowed. Handlers of which more depends ask for more themselves. */
  readonly action: Action
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodObject
  readonly status: 200 | 201 | 204
  /** Undefined where nothing is answered, or a log. */
  readonly answer?: z.ZodObject
  /** Answers with the bytes of a log, or its events, instead. */
  readonly streams?: true
  /** Takes an `Idempotency-Key`: asked twice it is done once. */
  readonly repeats?: true
  /** Refusals of its own, beside those that anything can meet. */
  readonly refusals: readonly ApiProblemCode[]
}
