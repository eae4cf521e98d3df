import { problemWords } from '#lib/application/checks/problem-words.ts'
import { runCheck, type CheckResult } from '#lib/application/checks/run-check.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { Check, Language } from '#lib/domain/language.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { err, type Result } from '#lib/domain/result.ts'

import { cliVisitor, type CliVisitor } from './visitor.ts'

/** How often a server that says "not so fast" is asked again. */
const TRIES_MAX = 10
/** Longest wait that a server may ask for between two tries. */
const RETRY_MS_MAX = 30_000

export type LanguageChecked =
  /** `unopened` says why no session could be opened, where that was so for any of the checks. */
  | { readonly kind: 'checked'; readonly results: readonly CheckResult[]; readonly unopened?: string }
  | { readonly kind: 'not-ready'; readonly why: string }

type Ask = {
  readonly url: string
  readonly language: Language
  readonly checks: readonly Check[]
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Told of each result as it comes. */
  readonly done?: (result: CheckResult) => void
}

/** Does a language's checks one after another in one session, as a visitor who stays; a session that is lost is opened anew. */
export async function checkLanguage(ask: Ask): Promise<LanguageChecked> {
  const results: CheckResult[] = []
  const add = (result: CheckResult) => {
    results.push(result)
    ask.done?.(result)
  }
  let unopened: string | undefined
  let visitor: CliVisitor | undefined
  try {
    for (const check of ask.checks) {
      if (ask.signal.aborted) break
      if (!visitor || visitor.over() !== undefined) {
        await visitor?.leave()
        const opened = await open(ask)
        if (!opened.ok && opened.error.code === 'not_ready') return { kind: 'not-ready', why: problemWords(opened.error) }
        if (!opened.ok) {
          unopened ??= problemWords(opened.error)
          add({ lang: ask.language.id, check, ok: false, ms: 0, why: problemWords(opened.error), output: '' })
          continue
        }
        visitor = opened.value
      }
      add(await runCheck(check, ask.language, visitor, ask.clock))
    }
  } finally {
    await visitor?.leave()
  }
  return { kind: 'checked', results, ...(unopened !== undefined && { unopened }) }
}

async function open({ url, language, clock, signal }: Ask): Promise<Result<CliVisitor, Problem>> {
  for (let tries = 1; ; tries += 1) {
    const visitor = await cliVisitor(url, signal)
    const started = await visitor.start(language.id)
    if (started.ok) return { ok: true, value: visitor }
    await visitor.leave()
    const { error } = started
    if (!('retryAfterMs' in error) || tries === TRIES_MAX || signal.aborted) return err(error)
    const waitMs = Math.min(RETRY_MS_MAX, error.retryAfterMs)
    await new Promise<void>((done) => void clock.after(waitMs, done))
  }
}
