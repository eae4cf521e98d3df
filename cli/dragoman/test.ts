import type { CheckResult } from '#lib/application/checks/run-check.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import type { Language } from '#lib/domain/language.ts'
import { resolve } from 'node:path'

import { ownServer } from '../own-server.ts'
import { checkLanguage } from '#lib/visitor/check-language.ts'
import { visible } from '#lib/domain/visible-text.ts'
import { chooseLanguages, loadWith } from './languages.ts'
import type { Options } from './options.ts'
import { jsonResult, note, problemLine, result, table, visibleLine } from './print.ts'
import { takeSlot } from './slot.ts'

/** Languages tested at a time; more would measure the machine instead. */
const TOGETHER = 2
/** Our own server has one visitor, who comes often. */
const OWN_SERVER = {
  DRAGOMAN_POOL_MEMORY_MIB: '0',
  DRAGOMAN_STARTS_PER_MINUTE_PER_ADDRESS: '6000',
  DRAGOMAN_SESSIONS_PER_ADDRESS: '100',
}

type Skipped = { readonly lang: string; readonly check?: string; readonly reason: string }

/** Tests languages against a server; 0 when every check passed, 1 when one failed, 2 for a name nobody has. */
export async function test(options: Options, signal: AbortSignal): Promise<number> {
  const { languages, problems } = loadWith(options.configs)
  for (const problem of problems) note(problemLine(problem))
  const chosen = chooseLanguages(languages, options.names)
  if (!chosen.ok) {
    note(`dragoman: ${visibleLine(chosen.error)}`)
    return 2
  }

  const server = options.server === undefined ? await startServer(options) : undefined
  const results: CheckResult[] = []
  const skipped: Skipped[] = []
  try {
    const url = server?.url ?? options.server ?? ''
    await eachOf(chosen.value, TOGETHER, signal, async (language) => {
      const done = await testLanguage(language, url, options, signal)
      results.push(...done.results)
      skipped.push(...done.skipped)
      for (const { ok, lang, check, ms } of done.results) note(`${ok ? 'ok  ' : 'FAIL'} ${lang} ${check} ${ms} ms`)
    })
  } finally {
    await server?.stop()
    if (server && results.some(({ ok }) => !ok)) note(visible(server.log()).trimEnd())
  }
  const order = (a: { lang: string }, b: { lang: string }) => a.lang.localeCompare(b.lang, 'en')
  const passed = results.every((check) => check.ok) && !problems.some(({ severity }) => severity === 'error')
  if (options.json)
    jsonResult({ ok: passed && !signal.aborted, results: results.toSorted(order), skipped: skipped.toSorted(order), problems })
  else show(results.toSorted(order), skipped.toSorted(order))
  return passed && !signal.aborted ? 0 : 1
}

async function startServer({ configs }: Options) {
  note('Starting a server')
  const slot = await takeSlot()
  const server = await ownServer(slot.name, {
    ...OWN_SERVER,
    ...(configs !== undefined && { DRAGOMAN_CONFIGS: resolve(configs) }),
  })
  note(`Testing at ${server.url}`)
  process.once('exit', () => server.process.kill()) // for an end in haste; after `stop` there is nothing left to tell
  return {
    ...server,
    async stop() {
      await server.stop()
      slot.release()
    },
  }
}

async function testLanguage(language: Language, url: string, { checks, names }: Options, signal: AbortSignal) {
  const lang = language.id
  const wanted = language.checks.declared.filter((check) => checks.includes(check))
  const skipped: Skipped[] = language.checks.skipped
    .filter(({ check }) => checks.includes(check))
    .map(({ check, reason }) => ({ lang, check, reason }))
  const done = await checkLanguage({ url, language, checks: wanted, clock: systemClock, signal })
  if (done.kind === 'checked') return { results: done.results, skipped }
  // Whoever named the language wants it tested; with no name given, what is not installed is only told.
  if (names.length === 0) return { results: [], skipped: [...skipped, { lang, reason: done.why }] }
  const failed = wanted.map((check) => ({ lang, check, ok: false, ms: 0, why: done.why, output: '' }))
  return { results: failed, skipped }
}

function show(results: readonly CheckResult[], skipped: readonly Skipped[]): void {
  const rows = results.map(({ lang, check, ok, ms, why }) => [lang, check, ok ? 'ok' : 'FAILED', String(ms), why ?? ''])
  result(table([['language', 'check', 'result', 'ms', ''], ...rows]))
  for (const { lang, check, reason } of skipped)
    result(`skipped: ${visibleLine([lang, check ?? ''].join(' ').trim())}: ${visibleLine(reason)}`)
  for (const { lang, check, output } of results.filter(({ ok, output }) => !ok && output)) {
    result(`\n--- ${lang} ${check} printed:\n${visible(output ?? '')}`)
  }
  const failed = results.filter(({ ok }) => !ok).length
  result(`\n${results.length - failed} passed, ${failed} failed, ${skipped.length} skipped`)
}

/** A few at a time, in order; after an abort no further one is begun. */
async function eachOf<T>(
  items: readonly T[],
  together: number,
  signal: AbortSignal,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = items.values()
  const work = async () => {
    for (const item of waiting) {
      if (signal.aborted) return
      await act(item)
    }
  }
  await Promise.all(Array.from({ length: together }, work))
}
