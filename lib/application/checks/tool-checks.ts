import type { Language } from '#lib/domain/language.ts'

import type { Deadline } from './deadline.ts'
import { problemWords } from './problem-words.ts'
import { ASK_AGAIN_MS, ServerConversation } from './server-conversation.ts'
import type { CheckTerminal } from './terminal.ts'

type World = { readonly terminal: CheckTerminal; readonly language: Language; readonly end: Deadline }
type Outcome = { readonly ok: true } | { readonly ok: false; readonly why: string; readonly output?: string }

/** The formatter gives what the config says, and the same again when it is given that. */
export async function format({ terminal, language, end }: World): Promise<Outcome> {
  const expected = language.checks.format
  if (!expected) return { ok: false, why: 'the language has no format check' }
  for (const text of [expected.input, expected.output]) {
    const call = terminal.format(text)
    if ((await end.first(call)) === 'later') return { ok: false, why: 'time was up before it was formatted', output: '' }
    const formatted = await call
    if (!formatted.ok) {
      const output = formatted.error.code === 'format_failed' ? formatted.error.output : ''
      return { ok: false, why: problemWords(formatted.error), output }
    }
    if (formatted.value.text !== expected.output) {
      const why = text === expected.output ? 'its own output is not left as it is' : 'it did not give the expected text'
      return { ok: false, why, output: formatted.value.text }
    }
  }
  return { ok: true }
}

/** The server offers, where the config's code was typed, what the config says. */
export async function lsp({ terminal, language, end }: World): Promise<Outcome> {
  const { lsp: server, main, checks } = language
  const expected = checks.lsp
  const asked = serverText(language)
  if (!server || !expected || !asked) return { ok: false, why: 'the language has no lsp check' }
  const call = terminal.languageServer()
  if ((await end.first(call)) === 'later') return { ok: false, why: 'time was up before it began', output: '' }
  const line = await call
  if (!line.ok) return { ok: false, why: problemWords(line.error), output: '' }

  const conversation = new ServerConversation(line.value, server, end)
  const refused = await conversation.open(main, asked.text)
  if (refused !== undefined) return { ok: false, why: refused, output: '' }
  for (;;) {
    const offered = await conversation.completions(main, asked.text, asked.at)
    if (typeof offered === 'string') return { ok: false, why: offered, output: '' }
    if (offered.some((name) => name.startsWith(expected.item))) return { ok: true }
    if ((await end.first(new Promise<never>(() => undefined), ASK_AGAIN_MS)) === 'later' && end.passed()) {
      return { ok: false, why: `it never offered ${JSON.stringify(expected.item)}`, output: offered.slice(0, 50).join('\n') }
    }
  }
}

/** The template with the code of the lsp check typed into it, and where the cursor then stands. */
export function serverText({ template, checks }: Language): { text: string; at: number } | undefined {
  if (!checks.lsp) return undefined
  const { code, after } = checks.lsp
  const found = after === undefined ? -1 : template.indexOf(after)
  const place = after === undefined || found === -1 ? template.length : found + after.length
  return { text: template.slice(0, place) + code + template.slice(place), at: place + code.length }
}
