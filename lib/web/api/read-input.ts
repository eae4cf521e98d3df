import type { z } from 'zod'

import type { ApiProblem } from '#lib/domain/api-problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { Operation } from '#lib/protocol/http/operation.ts'

/** Mistakes of one request that are told. */
const ISSUES_MAX = 10

type Input = { readonly params: unknown; readonly query: unknown; readonly body: unknown }

/** The parts of a request that an operation has, each by its schema; what it has not must not be there. */
export async function readInput(
  operation: Operation,
  params: Readonly<Record<string, string>>,
  url: URL,
  request: Request,
): Promise<Result<Input, ApiProblem>> {
  const query = queryOf(url)
  if (!query.ok) return query
  const body = await bodyOf(operation, request)
  if (!body.ok) return body
  const parts = [
    ['params', operation.params, params],
    ['query', operation.query?.strict(), query.value],
    ['body', operation.body, body.value],
  ] as const
  const input: Record<string, unknown> = {}
  for (const [name, schema, value] of parts) {
    if (!schema && value !== undefined && Object.keys(value as object).length > 0) return unexpected(name)
    const parsed = schema?.safeParse(value)
    if (parsed && !parsed.success)
      return err({ code: 'bad_request', issues: parsed.error.issues.slice(0, ISSUES_MAX).map(issue) })
    input[name] = parsed?.data
  }
  return ok({ params: input['params'], query: input['query'], body: input['body'] })
}

function queryOf(url: URL): Result<Record<string, string>, ApiProblem> {
  const names = [...url.searchParams.keys()]
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) return err({ code: 'bad_request', issues: [{ field: shown(twice), message: 'is given twice' }] })
  return ok(Object.fromEntries(url.searchParams))
}

async function bodyOf({ body }: Operation, request: Request): Promise<Result<unknown, ApiProblem>> {
  const text = await request.text()
  if (!body) return ok(text === '' ? undefined : { body: text })
  // A form of another page can be sent without asking, but not as this.
  if (request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() !== 'application/json')
    return err({ code: 'not_json' })
  try {
    return ok(JSON.parse(text))
  } catch {
    return err({ code: 'bad_request', issues: [{ field: 'body', message: 'is no JSON' }] })
  }
}

const unexpected = (field: string): Result<never, ApiProblem> =>
  err({ code: 'bad_request', issues: [{ field, message: 'is not wanted here' }] })

const issue = ({ path, message }: z.core.$ZodIssue) => ({ field: shown(path.join('.')) || 'body', message: shown(message) })
/** A stranger's text, as much of it as helps. */
const shown = (text: string) => text.slice(0, 200)
