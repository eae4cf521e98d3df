import { openApi } from '#lib/web/api/openapi.ts'

/** What of JSON Schema our document uses. */
type Schema = {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
}
type Content = { readonly 'application/json'?: { readonly schema: Schema } }
type Described = {
  readonly operationId: string
  readonly summary: string
  readonly parameters: readonly {
    readonly name: string
    readonly in: string
    readonly required: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

const HEAD = `// Made from the OpenAPI document by \`node cli/docs.ts\`; change lib/protocol/http/ instead.

`

/** The text of the client's types and paths, made of the document alone, as anybody could make theirs. */
export function clientSource(): string {
  const paths: Readonly<Record<string, Readonly<Record<string, object>>>> = openApi().paths
  const found = Object.entries(paths).flatMap(([path, methods]) =>
    // The cast: the document's own shape, which a test of it holds.
    Object.entries(methods).map(([method, one]) => ({ path, method: method.toUpperCase(), ...(one as Described) })),
  )
  const rows = found.map(({ operationId, method, path }) => `  ${operationId}: { method: '${method}', path: '${path}' },\n`)
  return `${HEAD}export const PATHS = {\n${rows.join('')}} as const\n\nexport type Operations = {\n${found.map(operation).join('')}}\n`
}

function operation({ operationId, summary, parameters, requestBody, responses }: Described): string {
  const answer = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1].content?.['application/json']?.schema
  const body = requestBody?.content['application/json']?.schema
  const parts = [
    ['path', object(parameters.filter((one) => one.in === 'path'))],
    ['query', object(parameters.filter((one) => one.in === 'query'))],
    ['body', body],
    ['answer', answer],
  ] as const
  const fields = parts.map(([name, schema]) => `    ${name}: ${schema ? typeOf(schema, 4) : 'undefined'}\n`)
  return `  /** ${summary}. */\n  ${operationId}: {\n${fields.join('')}  }\n`
}

function object(parameters: Described['parameters']): Schema | undefined {
  if (parameters.length === 0) return undefined
  const properties = Object.fromEntries(parameters.map(({ name, schema }) => [name, schema]))
  return { type: 'object', properties, required: parameters.filter(({ required }) => required).map(({ name }) => name) }
}

function typeOf(schema: Schema, depth: number): string {
  const { type, properties, required = [], items, additionalProperties: others } = schema
  if (schema.enum) return schema.enum.map((word) => `'${word}'`).join(' | ')
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'array' && items) return `${inBrackets(typeOf(items, depth))}[]`
  if (type === 'object' && properties) {
    const indent = ' '.repeat(depth + 2)
    const fields = Object.entries(properties).map(([name, one]) => {
      return `${indent}${name}${required.includes(name) ? '' : '?'}: ${typeOf(one, depth + 2)}\n`
    })
    return `{\n${fields.join('')}${' '.repeat(depth)}}`
  }
  if (type === 'object' && others !== undefined) return 'Record<string, unknown>'
  return type === 'string' || type === 'boolean' ? type : 'unknown'
}

const inBrackets = (type: string) => (type.includes(' | ') && !type.startsWith('{') ? `(${type})` : type)
