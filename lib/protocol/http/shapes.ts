import { z } from 'zod'

import { OUTCOMES, type Outcome, STEPS } from '#lib/domain/build.ts'
import { digest } from '#lib/domain/digest.ts'
import { buildId, langId, personId, tokenId } from '#lib/domain/ids.ts'
import { CHECKS } from '#lib/domain/language.ts'
import { logCursor } from '#lib/domain/log-cursor.ts'
import { ROLES, SCOPES } from '#lib/domain/person.ts'

/** Text that one of the domain's own constructors takes; the pattern is for the document, the constructor decides. */
const parsed = <T>(of: (text: string) => T | undefined, pattern: RegExp, example: string) =>
  z
    .string()
    .regex(pattern)
    .meta({ examples: [example] })
    .transform((text, context): T => {
      const found = of(text)
      if (found !== undefined) return found
      context.issues.push({ code: 'custom', message: 'is not of the agreed form', input: text })
      return z.NEVER
    })

export const langParam = parsed(langId, /^[a-z0-9+]{1,40}$/, 'python')
export const buildParam = parsed(buildId, /^b[0-9a-f]{16}$/, 'b0123456789abcdef')
export const personParam = parsed(personId, /^p[0-9a-f]{16}$/, 'p0123456789abcdef')
export const tokenParam = parsed(tokenId, /^t[0-9a-f]{16}$/, 't0123456789abcdef')
export const cursorParam = parsed(logCursor, /^(package|image|test)\.\d{1,6}\.(\d{1,15}|begin|end)$/, 'image.2.4096')

/** A whole number as an address has it. */
export const wholeParam = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/)
    .describe(`A whole number from ${min} to ${max}.`)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
export const timeParam = z.iso.datetime().transform((text) => new Date(text))

const A_DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`
export const time = z.iso.datetime().meta({ examples: ['2026-01-31T12:00:00.000Z'] })
export const digestText = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .refine((text) => digest(text).ok)
  .meta({ examples: [A_DIGEST] })
export const lang = z.string().meta({ examples: ['python'] })
export const buildName = z.string().meta({ examples: ['b0123456789abcdef'] })
/** Who did it: a name and an id, or the command line. */
export const actor = z.string().meta({ examples: ['Ada#p0123456789abcdef'] })

// The cast: the keys of the table are its outcomes.
export const outcome = z.enum(Object.keys(OUTCOMES) as [Outcome, ...Outcome[]])
export const step = z.enum(STEPS)
export const check = z.enum(CHECKS)
export const role = z.enum(ROLES)
export const scope = z.enum(SCOPES)

export const combination = z.object({ image: digestText, config: digestText, agent: z.string() })

export const problemShape = z
  .object({
    code: z.string().describe('Stable; what a program decides by.'),
    message: z.string().describe('For people; may change.'),
    retryAfter: z.int().optional().describe('Seconds after which it may go better.'),
    details: z.record(z.string(), z.unknown()).optional().describe('What the code is about.'),
  })
  .meta({ examples: [{ code: 'no_such_build', message: 'There is no such build' }] })
