import type { ApiProblem } from '#lib/domain/api-problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { API_PREFIX } from '#lib/protocol/http/operation.ts'
import { OPERATIONS, type OperationId } from '#lib/protocol/http/operations.ts'

export type Routed = { readonly id: OperationId; readonly params: Readonly<Record<string, string>> }

// The cast: the keys of the table are its ids.
const ROUTES = (Object.keys(OPERATIONS) as OperationId[]).map((id) => {
  const { method, path } = OPERATIONS[id]
  return { id, method: method as string, parts: path.split('/').slice(1) }
})

/** Which operation a request is for. HEAD is answered as GET. */
export function route(method: string, pathname: string): Result<Routed, ApiProblem> {
  const parts = partsOf(pathname)
  const found = ROUTES.filter((route) => parts && fits(route.parts, parts))
  if (!parts || found.length === 0) return err({ code: 'no_such_route' })
  const wanted = method === 'HEAD' ? 'GET' : method
  const one = found.find((route) => route.method === wanted)
  if (!one) return err({ code: 'wrong_method', allow: found.map((route) => route.method) })
  const params = one.parts.flatMap((part, at) => (isName(part) ? [[part.slice(1, -1), parts[at] ?? '']] : []))
  return ok({ id: one.id, params: Object.fromEntries(params) as Record<string, string> })
}

function partsOf(pathname: string): readonly string[] | undefined {
  if (!pathname.startsWith(`${API_PREFIX}/`)) return undefined
  try {
    return pathname
      .slice(API_PREFIX.length + 1)
      .split('/')
      .map(decodeURIComponent)
  } catch {
    return undefined
  }
}

const isName = (part: string) => part.startsWith('{')
const fits = (route: readonly string[], parts: readonly string[]) =>
  route.length === parts.length && route.every((part, at) => (isName(part) ? parts[at] !== '' : part === parts[at]))
