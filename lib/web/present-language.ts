import type { LanguageServer } from '#lib/domain/language.ts'

import type { Listed } from './services.ts'

/** A language on its own page. */
export function playLanguage({ language, readiness }: Listed) {
  const { id, name, main, template, highlight, run, repl, takesArgs, takesFlags, args, flags, format, lsp, info } = language
  return {
    id: id as string,
    name,
    main,
    template,
    ...(highlight === undefined ? {} : { highlight }),
    canRun: run !== '',
    hasPrompt: repl !== undefined,
    takesArgs,
    takesFlags,
    args: [...args],
    flags: [...flags],
    endings: (info.ext ?? []).map((ext) => `.${ext}`),
    hasFormatter: format !== undefined,
    ...(lsp && { server: serverOf(lsp) }),
    ...(readiness.ready ? {} : { lacks: { commands: [...readiness.missing], packages: [...readiness.packages] } }),
  }
}

/** What a page must know to be a language server's client; how it is started is not its business. */
const serverOf = ({ auto, lang, noDynamicRegistration, init, config }: LanguageServer) => ({
  auto,
  lang,
  noDynamicRegistration,
  ...(init === undefined ? {} : { init }),
  ...(config === undefined ? {} : { config }),
})
