import type { Language } from '#lib/domain/language.ts'
import type { Launch } from '#lib/protocol/agent.ts'

/** The part of a language that its agent must know. */
export function launchOf(language: Language): Launch {
  const { main, createEmpty, setup, daemon, repl, compile, run, prompt } = language
  return {
    lang: language.id,
    main,
    ...(createEmpty !== undefined && { createEmpty }),
    ...(setup !== undefined && { setup }),
    ...(daemon !== undefined && { daemon }),
    ...(repl !== undefined && { repl }),
    ...(compile !== undefined && { compile }),
    ...(run !== undefined && { run }),
    ...(prompt !== undefined && { prompt }),
  }
}
