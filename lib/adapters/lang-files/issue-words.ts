import type { z } from 'zod'

type Issue = z.core.$ZodIssue

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a table of fields',
  record: 'a table',
}

/** What is wrong with a field, in words; `value` is what stands there. */
export function issueWords(issue: Issue, value: unknown): string {
  if (value === undefined && issue.code === 'invalid_type') return 'is missing'
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}, not ${kindOf(value)}${hint(issue.expected, value)}`
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array' ? 'must not be empty' : `must be at least ${issue.minimum}`
    case 'too_big':
      return `must be at most ${issue.maximum}${{ string: ' characters', array: ' entries' }[issue.origin as string] ?? ''}`
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`
    case 'unrecognized_keys':
      return `is not a field here`
    default:
      return issue.message
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a table of fields'
  return typeof value === 'boolean' ? String(value) : typeof value === 'number' ? `the number ${value}` : 'text'
}

/** YAML reads a bare 28782 or true as what it looks like, so text that looks so needs quotes. */
const hint = (expected: string, value: unknown) =>
  expected === 'string' && (typeof value === 'number' || typeof value === 'boolean') ? '; put it in quotes' : ''
