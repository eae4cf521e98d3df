import { z } from 'zod'

import { CHECKS } from '#lib/domain/language.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

const checked = z.union([
  z.enum(['ok', 'undeclared', 'untested']),
  z.strictObject({ skipped: z.string() }),
  z.strictObject({ failed: z.string() }),
])
const languageResult = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** What the language says of itself on the image. */
  version: z.string().optional(),
  imageMiB: z.number().positive().optional(),
  checks: z.record(z.enum(CHECKS), checked),
  /** Why there is no image, or why nothing was tested on it. */
  reason: z.string().optional(),
  date: z.iso.date(),
})
const results = z.strictObject({ base: z.string(), languages: z.array(languageResult) })

/** How a check went: passed, not declared by the config, left out by it, failed with its reason, or never begun. */
export type Checked = z.infer<typeof checked>
/** What became of one language when it was last built and tested on an image. */
export type LanguageResult = z.infer<typeof languageResult>
/** The last run of `npm run languages`: docs/languages.json. `base` is the distribution and release that images stand on. */
export type Results = z.infer<typeof results>

export function parseResults(text: string): Result<Results, string> {
  const parsed = results.safeParse(JSON.parse(text))
  return parsed.success ? ok(parsed.data) : err(z.prettifyError(parsed.error))
}

/** One language a line, so that a diff shows what changed. */
export const resultsText = ({ base, languages }: Results): string =>
  `{"base":${JSON.stringify(base)},"languages":[\n${languages.map((each) => JSON.stringify(each)).join(',\n')}\n]}\n`

/** Built, tested, and no check failed. */
export const isGreen = ({ reason, checks }: LanguageResult): boolean =>
  reason === undefined &&
  Object.values(checks).every((check) => (typeof check === 'string' ? check !== 'untested' : 'skipped' in check))
