import type { LanguageChecks } from '#lib/domain/language.ts'

type Scope = NonNullable<LanguageChecks['scope']>

/** The template with the scope check's code after the line that ends `after`, or at its end. */
export function withScope(template: string, { code, after }: Pick<Scope, 'code' | 'after'>): string {
  const found = after === undefined ? -1 : template.indexOf(after)
  if (after === undefined || found === -1) return withLineEnd(template) + withLineEnd(code)
  const lineEnd = template.indexOf('\n', found + after.replace(/\n$/, '').length)
  const head = lineEnd === -1 ? template : template.slice(0, lineEnd)
  const rest = lineEnd === -1 ? '' : template.slice(lineEnd + 1)
  return `${head}\n${withLineEnd(code)}${rest}`
}

const withLineEnd = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)
