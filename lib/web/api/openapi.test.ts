import { expect, test } from 'vitest'
import { z } from 'zod'

import { API_PROBLEMS } from '#lib/domain/api-problem.ts'
import { API_PREFIX, type Operation } from '#lib/protocol/http/operation.ts'
import { OPERATIONS } from '#lib/protocol/http/operations.ts'
import { openApi } from './openapi.ts'
import { route } from './route.ts'

type Described = { readonly operationId: string; readonly responses: Record<string, { readonly description: string }> }
const document = openApi()
const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  // The cast: `described` makes these objects.
  Object.entries(methods as Record<string, Described>).map(([method, one]) => ({ method: method.toUpperCase(), path, ...one })),
)
const NAMES: Readonly<Record<string, string>> = {
  lang: 'c++',
  build: 'b0123456789abcdef',
  person: 'p0123456789abcdef',
  token: 't0123456789abcdef',
}

test('every route is in the document, and everything in the document is a route', () => {
  expect(described.map(({ operationId }) => operationId).toSorted()).toEqual(Object.keys(OPERATIONS).toSorted())
  for (const { method, path, operationId } of described) {
    const asked = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(NAMES[name] ?? 'unnamed'))
    expect(asked).not.toContain('unnamed')
    expect(route(method, API_PREFIX + asked)).toMatchObject({ ok: true, value: { id: operationId } })
  }
})

test('no two operations are at one address', () => {
  const places = Object.values<Operation>(OPERATIONS).map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, '{}')}`)
  expect(new Set(places).size).toBe(places.length)
})

test('every example of a body is one, and every body has an example', () => {
  for (const [id, { body }] of Object.entries<Operation>(OPERATIONS)) {
    if (!body) continue
    const examples = (body.meta()?.['examples'] ?? []) as readonly unknown[]
    expect([id, examples.length > 0]).toEqual([id, true])
    for (const example of examples) expect([id, body.safeParse(example).error]).toEqual([id, undefined])
  }
})

test('every example within a schema is one', () => {
  let found = 0
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { examples } = value as { examples?: unknown }
    if (Array.isArray(examples)) {
      const schema = z.fromJSONSchema(value as Parameters<typeof z.fromJSONSchema>[0])
      for (const example of examples as unknown[]) {
        found++
        expect([example, schema.safeParse(example).success]).toEqual([example, true])
      }
    }
    for (const inner of Object.values(value)) look(inner)
  }
  look(document)
  expect(found).toBeGreaterThan(20)
})

test('every refusal is told with its words, at its status', () => {
  for (const { operationId, responses } of described) {
    const { refusals }: Operation = OPERATIONS[operationId as keyof typeof OPERATIONS]
    for (const code of refusals) {
      const { status, words } = API_PROBLEMS[code]
      expect(responses[String(status)]?.description).toContain(`\`${code}\`: ${words}`)
    }
  }
})
