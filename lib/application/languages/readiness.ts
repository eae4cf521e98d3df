import type { Language } from '#lib/domain/language.ts'

/** Whether a language's commands are here; `missing` are commands, `packages` the Debian packages that bring them. */
export type Readiness =
  | { readonly ready: true }
  | { readonly ready: false; readonly missing: readonly string[]; readonly packages: readonly string[] }

export type Listed = { readonly language: Language; readonly readiness: Readiness }

export function readiness(language: Language, hasCommand: (name: string) => boolean): Readiness {
  const missing = language.needs.filter((name) => !hasCommand(name))
  return missing.length === 0 ? { ready: true } : { ready: false, missing, packages: language.packages }
}
