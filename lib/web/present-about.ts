import type { Listed } from './services.ts'

export type AboutLink = { readonly words: string; readonly href: string }
export type AboutFact = { readonly name: string; readonly value: string }
export type About = {
  readonly desc?: string
  readonly facts: readonly AboutFact[]
  readonly commands: readonly { readonly name: string; readonly shell: string }[]
  readonly links: readonly AboutLink[]
}

/** What a language's page tells of it; the version stands apart, since the page asks for the real one. */
export function languageAbout({ language }: Listed): About {
  const { info, main, compile, run, repl } = language
  const web = info.web ?? {}
  return {
    ...(info.desc === undefined ? {} : { desc: info.desc }),
    facts: present([
      ['Implementation', info.impl],
      ['Made by', words(info.by)],
      ['First came out', info.year?.toString()],
      ['Kind', words(info.category)],
      ['Paradigms', words(info.paradigm)],
      ['Typing', words(info.typing)],
      ['Runs', words(info.mode)],
      ['Platform', words(info.platform)],
      ['Looks like', words(info.syntax)],
      ['Used for', words(info.usage)],
      ['File', main],
      ['Also called', words(language.aliases)],
    ]).map(([name, value]) => ({ name, value })),
    commands: present([
      ['Compile', compile?.trim()],
      ['Run', run.trim()],
      ['Prompt', repl?.trim()],
    ]).map(([name, shell]) => ({ name, shell })),
    links: present([
      ['Home', web.home],
      ['Encyclopedia', web.wiki],
      ['Esoteric languages wiki', web.esolang],
      ['Implementation’s site', web.impl],
      ['Source code', web.source],
    ]).map(([words, href]) => ({ words, href })),
  }
}

const words = (list: readonly string[] | undefined) => (list && list.length > 0 ? list.join(', ') : undefined)

const present = (pairs: readonly (readonly [string, string | undefined])[]): readonly (readonly [string, string])[] =>
  pairs.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value] as const]))
