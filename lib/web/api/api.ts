import { csrfOf } from '#lib/application/people/secrets.ts'
import { whoAsks } from '#lib/application/people/who-asks.ts'
import { errorText } from '#lib/application/ports/log.ts'
import type { ApiProblem } from '#lib/domain/api-problem.ts'
import { may } from '#lib/domain/may.ts'
import { originIsAllowed } from '#lib/domain/origin.ts'
import type { Asker } from '#lib/domain/person.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { Operation } from '#lib/protocol/http/operation.ts'
import { OPERATIONS, type OperationId } from '#lib/protocol/http/operations.ts'
import { problemAnswer, readAnswer } from './answer.ts'
import { BUILD_HANDLERS } from './build-handlers.ts'
import { LANGUAGE_HANDLERS } from './language-handlers.ts'
import { once } from './once.ts'
import { PEOPLE_HANDLERS } from './people-handlers.ts'
import { DOCUMENT_PATH, openApi } from './openapi.ts'
import { type Rate, rates } from './rates.ts'
import { readInput } from './read-input.ts'
import { route, type Routed } from './route.ts'
import { hasTokenInAddress, shownIn } from './shown.ts'
import type { ApiWorld, Call } from './world.ts'

export const CSRF_HEADER = 'x-dragoman-csrf'
const DATABASE_RETRY_MS = 5000

export type ApiSettings = {
  /** Whether people come by TLS. */
  readonly isSecure: boolean
  /** Further origins whose pages are ours. */
  readonly origins: readonly string[]
}

const DOCUMENT = openApi()
const HANDLERS = { ...LANGUAGE_HANDLERS, ...BUILD_HANDLERS, ...PEOPLE_HANDLERS }
/** The one cast: input was parsed by the schemas that the handler's own type is made of, and the key picks both. */
type AnyHandler = (world: ApiWorld, call: Call<OperationId>) => Promise<Result<unknown, ApiProblem>>
const handlerOf = (id: OperationId) => HANDLERS[id] as unknown as AnyHandler

/** Answers every request below {@link API_PREFIX}; without a world, that there is no database. */
export function api(world: ApiWorld | undefined, settings: ApiSettings) {
  const rate = world && rates(world.clock)
  return async (request: Request, address: string): Promise<Response> => {
    if (!world || !rate) return problemAnswer({ code: 'no_database', retryAfterMs: DATABASE_RETRY_MS })
    try {
      return await answer(world, settings, rate, request, address)
    } catch (error) {
      const problem = await problemOf(world)
      world.log.error('request failed', { path: new URL(request.url).pathname, error: errorText(error) })
      return problemAnswer(problem)
    }
  }
}

async function problemOf(world: ApiWorld): Promise<ApiProblem> {
  return (await world.databaseIsUp()) ? { code: 'fault' } : { code: 'no_database', retryAfterMs: DATABASE_RETRY_MS }
}

async function answer(
  world: ApiWorld,
  settings: ApiSettings,
  rate: ReturnType<typeof rates>,
  request: Request,
  address: string,
): Promise<Response> {
  const url = new URL(request.url)
  if (hasTokenInAddress(url)) return problemAnswer({ code: 'token_in_address' })
  const shown = shownIn(request.headers, settings.isSecure)
  const asks = shown.token === undefined && shown.login === undefined ? undefined : await whoAsks(world.people, shown)
  const asker: Asker = asks?.ok ? asks.value : { kind: 'stranger' }
  // Who shows a token that is none counts as a stranger, by where they come from.
  const whose = asker.kind === 'stranger' ? address : asker.person.id
  const spent = rate(whose, request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write')
  if (spent.isSpent) return rated(problemAnswer({ code: 'too_many_requests', retryAfterMs: spent.resetMs }), spent)
  if (asks && !asks.ok) return rated(problemAnswer(asks.error), spent)

  if (request.method === 'GET' && url.pathname === DOCUMENT_PATH) return rated(readAnswer(DOCUMENT, request), spent)
  const routed = route(request.method, url.pathname)
  const done = routed.ok ? await operate(world, settings, routed.value, asker, url, request) : routed
  return rated(done.ok ? done.value : problemAnswer(done.error), spent)
}

async function operate(
  world: ApiWorld,
  settings: ApiSettings,
  { id, params }: Routed,
  asker: Asker,
  url: URL,
  request: Request,
): Promise<Result<Response, ApiProblem>> {
  const operation: Operation = OPERATIONS[id]
  const allowed = may(asker, operation.action)
  if (!allowed.ok) return allowed
  const ours = asker.kind !== 'browser' || operation.method === 'GET' ? ok(undefined) : isOurPage(settings, request)
  if (!ours.ok) return ours
  const input = await readInput(operation, params, url, request)
  if (!input.ok) return input
  // The cast is that of `handlerOf`.
  const call = { ...input.value, asker, signal: request.signal, headers: request.headers } as Call<OperationId>
  const work = () => handlerOf(id)(world, call)
  if (operation.streams || operation.method === 'GET') {
    const done = await work()
    if (!done.ok) return done
    return ok(done.value instanceof Response ? done.value : readAnswer(done.value, request))
  }
  const key = operation.repeats ? request.headers.get('idempotency-key') : null
  const done = await once(world, asker, key, `${id} ${JSON.stringify(params)} ${JSON.stringify(input.value.body)}`, async () => {
    const worked = await work()
    return worked.ok ? ok({ status: operation.status, answer: worked.value ?? null }) : worked
  })
  if (!done.ok) return done
  const { status, answer } = done.value
  const headers = { 'cache-control': 'no-store' }
  return ok(status === 204 ? new Response(null, { status, headers }) : Response.json(answer, { status, headers }))
}

/** A browser sends its cookie for whatever page asks: only ours may, and only one that was told the login's own word. */
function isOurPage({ origins, isSecure }: ApiSettings, request: Request): Result<void, ApiProblem> {
  const { headers } = request
  const origin = headers.get('origin') ?? undefined
  if (!originIsAllowed({ origin, host: headers.get('host') ?? undefined, allowed: origins })) return err({ code: 'bad_origin' })
  const { login } = shownIn(headers, isSecure)
  return login !== undefined && headers.get(CSRF_HEADER) === csrfOf(login) ? ok(undefined) : err({ code: 'bad_csrf' })
}

function rated(response: Response, { limit, remaining, resetMs }: Rate): Response {
  response.headers.set('ratelimit-limit', String(limit))
  response.headers.set('ratelimit-remaining', String(remaining))
  response.headers.set('ratelimit-reset', String(Math.ceil(resetMs / 1000)))
  return response
}
