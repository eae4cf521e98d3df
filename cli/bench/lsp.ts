import { join } from 'node:path'

import { loadLanguages } from '#lib/adapters/lang-files/load-languages.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { deadline } from '#lib/application/checks/deadline.ts'
import { ServerConversation } from '#lib/application/checks/server-conversation.ts'
import type { ServerLine } from '#lib/application/checks/terminal.ts'
import { serverText } from '#lib/application/checks/tool-checks.ts'
import type { Language } from '#lib/domain/language.ts'

import { cliVisitor } from '#lib/visitor/visitor.ts'
import { ownServer } from '../own-server.ts'
import { bareServer } from './bare-server.ts'
import { percentile, round } from './figures.ts'
import { UNLIMITED } from './session.ts'

const LANGUAGES = ['python', 'c', 'typescript']
const TIMES = 40
const WARM_TIMES = 10
const LANGUAGE_MS_MAX = 120_000
const TOP = join(import.meta.dirname, '../..')
const TOOLS = join(TOP, '.dragoman/tools')

/** A completion through the session, less the same of the same server on this machine's own pipes; in turn, medians. */
export async function lsp() {
  const server = await ownServer('bench', UNLIMITED)
  try {
    const figures: Record<string, number> = {}
    for (const id of LANGUAGES) {
      const { session, bare } = await completions(server.url, id)
      figures[`${id}ExtraP50Ms`] = round(session - bare)
      figures[`${id}SessionP50Ms`] = round(session)
      figures[`${id}BareP50Ms`] = round(bare)
    }
    const worst = Math.max(...LANGUAGES.map((id) => figures[`${id}ExtraP50Ms`] ?? Number.NaN))
    return { completionExtraP50Ms: worst, ...figures, n: TIMES }
  } finally {
    await server.stop()
  }
}

async function completions(url: string, id: string) {
  const language = loadLanguages([join(TOP, 'langs')]).languages.find((one) => one.id === id)
  if (!language?.lsp) throw new Error(`langs/${id}.yaml has no language server`)
  const signal = AbortSignal.timeout(LANGUAGE_MS_MAX)
  const visitor = await cliVisitor(url, signal)
  const bare = await bareServer(language.lsp, TOOLS)
  try {
    const started = await visitor.start(id)
    if (!started.ok) throw new Error(`${id} did not start: ${started.error.code}`)
    const line = await visitor.languageServer()
    if (!line.ok) throw new Error(`The language server of ${id} did not start: ${line.error.code}`)
    const [ofSession, ofBare] = [await asker(line.value, language), await asker(bare, language)]
    for (let n = 0; n < WARM_TIMES; n++) await Promise.all([ofSession(), ofBare()])
    const times = { session: [] as number[], bare: [] as number[] }
    for (let n = 0; n < TIMES; n++) {
      times.session.push(await ofSession())
      times.bare.push(await ofBare())
    }
    return { session: percentile(times.session, 0.5), bare: percentile(times.bare, 0.5) }
  } finally {
    await bare.close()
    await visitor.leave()
  }
}

/** Asks for completions where the language's own check does; gives the time to the answer, in milliseconds. */
async function asker(line: ServerLine, language: Language): Promise<() => Promise<number>> {
  const end = deadline(systemClock, LANGUAGE_MS_MAX)
  const asked = serverText(language)
  if (!language.lsp || !asked) throw new Error(`langs/${language.id}.yaml has no lsp check`)
  const conversation = new ServerConversation(line, language.lsp, end)
  const refused = await conversation.open(language.main, asked.text)
  if (refused !== undefined) throw new Error(refused)
  return async () => {
    const from = performance.now()
    const offered = await conversation.completions(language.main, asked.text, asked.at)
    if (typeof offered === 'string') throw new Error(offered)
    return performance.now() - from
  }
}
