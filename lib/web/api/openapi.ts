import { z } from 'zod'

import { API_PROBLEMS, type ApiProblemCode } from '#lib/domain/api-problem.ts'
import { ACTIONS } from '#lib/domain/may.ts'
import { API_PREFIX, type Operation } from '#lib/protocol/http/operation.ts'
import { OPERATIONS } from '#lib/protocol/http/operations.ts'
import { problemShape } from '#lib/protocol/http/shapes.ts'

export const DOCUMENT_PATH = `${API_PREFIX}/openapi.json`

/** What anything that is asked can meet. */
const ANYWHERE = ['bad_request', 'token_in_address', 'bad_token', 'too_many_requests', 'no_database', 'fault'] as const
const OF_WRITERS = ['signed_out', 'role_too_low', 'scope_missing', 'no_tokens', 'bad_origin', 'bad_csrf'] as const

/** Every operation as OpenAPI 3.1 describes it; made of the very table that answers. */
export const openApi = () => ({
  openapi: '3.1.0',
  info: {
    title: 'Dragoman',
    version: '1',
    description:
      'Languages, builds and what is live. Reading is for anybody; the rest wants a token, or a browser that is signed in.',
  },
  servers: [{ url: API_PREFIX }],
  paths: paths(),
  components: {
    schemas: { Problem: schema(problemShape, 'output') },
    securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'A token of yours: `drg_…`' } },
  },
})

function paths(): Readonly<Record<string, Readonly<Record<string, object>>>> {
  const found: Record<string, Record<string, object>> = {}
  for (const [id, operation] of Object.entries<Operation>(OPERATIONS)) {
    const at = (found[operation.path] ??= {})
    at[operation.method.toLowerCase()] = described(id, operation)
  }
  return found
}

function described(id: string, operation: Operation): object {
  const { least, scope } = ACTIONS[operation.action]
  return {
    operationId: id,
    summary: operation.summary,
    parameters: [
      ...parameters('path', operation.params),
      ...parameters('query', operation.query),
      ...(operation.repeats ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(operation.body && { requestBody: { required: true, content: json(operation.body, 'input') } }),
    responses: { [operation.status]: answered(operation), ...refused(operation) },
    ...(least === 'anyone' ? {} : { security: [{ token: [] }], 'x-least-role': least, 'x-token-scope': scope }),
  }
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Asked twice with the same key it is done once, and answered twice. Kept for a day.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,100}$' },
}

function parameters(place: 'path' | 'query', object: z.ZodObject | undefined): object[] {
  return Object.entries(object?.shape ?? {}).map(([name, one]) => {
    const { description, ...rest } = schema(one as z.ZodType, 'input')
    const isNeeded = place === 'path' || !(one as z.ZodType).safeParse(undefined).success
    return { name, in: place, required: isNeeded, ...(description !== undefined && { description }), schema: rest }
  })
}

function answered({ answer, streams, summary }: Operation): object {
  if (streams) return { description: summary, content: { 'text/plain': {}, 'text/event-stream': {} } }
  return { description: answer ? summary : 'Done', ...(answer && { content: json(answer, 'output') }) }
}

/** By status, with the codes that an answer of that status may have. */
function refused(operation: Operation): Readonly<Record<string, object>> {
  const codes = new Set<ApiProblemCode>([...ANYWHERE, ...operation.refusals])
  if (ACTIONS[operation.action].least !== 'anyone') for (const code of OF_WRITERS) codes.add(code)
  if (operation.repeats) codes.add('key_reused').add('key_at_work')
  if (operation.body) codes.add('not_json').add('too_large')
  const found: Record<string, { description: string; content: object }> = {}
  for (const status of new Set([...codes].map((code) => API_PROBLEMS[code].status))) {
    const those = [...codes].filter((code) => API_PROBLEMS[code].status === status)
    found[status] = {
      description: those.map((code) => `\`${code}\`: ${API_PROBLEMS[code].words}`).join('; '),
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
    }
  }
  return found
}

const json = (body: z.ZodType, io: 'input' | 'output') => ({ 'application/json': { schema: schema(body, io) } })

function schema(of: z.ZodType, io: 'input' | 'output'): { readonly description?: string } {
  const { $schema: _, ...rest } = z.toJSONSchema(of, { io, target: 'draft-2020-12' })
  return rest
}
