import { guessNeeds } from '#lib/domain/lang-needs.ts'
import type { Language } from '#lib/domain/language.ts'

/** What may stand before the command that a formatter or a server is. */
const BEFORE = /^\s*(?:\w+=\$\()?(?:exec\s+)?/

/** The language as it can be here: a formatter or server that is not installed is not offered, and no button leads to it. */
export function withToolsHere(language: Language, hasCommand: (name: string) => boolean): Language {
  const { format, lsp, ...rest } = language
  const isHere = (shell: string) => guessNeeds([shell.replace(BEFORE, '')]).every(hasCommand)
  return {
    ...rest,
    ...(format !== undefined && isHere(format) && { format }),
    ...(lsp !== undefined && isHere(lsp.start) && { lsp }),
  }
}
