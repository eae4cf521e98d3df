import { type LangId, langId } from '#lib/domain/ids.ts'
import { visible } from '#lib/domain/visible-text.ts'

import type { Options } from './options.ts'
import { jsonResult, note, result, table } from './print.ts'
import { type Workshop, withWorkshop } from './workshop.ts'

type Answer = { readonly json: unknown; readonly text: string; readonly found: boolean }

/** Asks the records one of the four questions. */
export async function query({ names: [question = '', lang = ''], days, json }: Options): Promise<number> {
  const answer = await withWorkshop((workshop) => ask(workshop, question, langId(lang), days))
  if (json) jsonResult(answer.json)
  else if (answer.found) result(answer.text)
  else note('None')
  return answer.found || json ? 0 : question === 'config' ? 1 : 0
}

async function ask({ questions }: Workshop, question: string, lang: LangId | undefined, days: number): Promise<Answer> {
  if (question === 'config' && lang) {
    const found = await questions.compiledBy(lang)
    const head = found && `# ${found.config}, built ${day(found.builtAt)}, ${live(found.isLive)}`
    return { json: found ?? null, text: visible(`${head}\n${found?.text.trimEnd()}`), found: found !== undefined }
  }
  if (question === 'tested-together' && lang) {
    const found = await questions.testedTogether(lang)
    const rows = found.map((one) => [
      ...[short(one.id), short(one.image), short(one.config), one.agent, one.checks.join(' ')],
      ...[day(one.testedAt), live(one.isLive)],
    ])
    return listed(found, [['combination', 'image', 'config', 'agent', 'checks', 'tested', ''], ...rows])
  }
  if (question === 'old-base') {
    const found = await questions.onOldBase()
    const rows = found.map((one) => [
      ...[one.lang, short(one.base), [one.distribution, one.release].filter(Boolean).join(' ')],
      ...[day(one.baseMadeAt), live(one.isLive)],
    ])
    return listed(found, [['language', 'base', 'release', 'made', ''], ...rows])
  }
  const found = await questions.stale(days)
  const rows = found.map((one) => [one.lang, day(one.liveBuiltAt), day(one.newestBuiltAt)])
  return listed(found, [['language', 'live image built', 'newest image built'], ...rows])
}

const listed = (found: readonly unknown[], rows: readonly (readonly string[])[]): Answer => ({
  json: found,
  text: table(rows),
  found: found.length > 0,
})

/** Enough of a digest to tell it from the others by eye. */
export const short = (digest: string | undefined) => digest?.replace('sha256:', '').slice(0, 12) ?? '-'
export const day = (at: Date | undefined) => at?.toISOString().slice(0, 10) ?? 'never'
const live = (isLive: boolean) => (isLive ? 'live' : '')
