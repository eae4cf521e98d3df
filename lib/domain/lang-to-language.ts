import type { LangId } from './ids.ts'
import { ARGUMENTS, type LangConfig } from './lang-config.ts'
import { limitsFrom } from './lang-limits.ts'
import { guessNeeds } from './lang-needs.ts'
import { typedLines } from './lang-typed.ts'
import { CHECKS, type Check, type Language, type LanguageChecks, type LanguageInfo, type LanguageServer } from './language.ts'
import { limitsOf } from './limits.ts'

const CHECK_MS = 20_000
export const CHECK_MS_MIN = 1_000
export const CHECK_MS_MAX = 120_000

const HELLO = 'Hello, world!'
const INPUT = '123 * 234'
const OUTPUT = '28782'
const SCOPE_INPUT = 'x'
/** A name of a package that can be shown in a command to copy; a config may also hold shell that finds the name. */
const PACKAGE = /^[A-Za-z0-9][A-Za-z0-9.+:~=_-]*$/

/** A checked config with the defaults filled in. */
export function toLanguage(config: LangConfig): Language {
  return {
    id: config.id as LangId, // the schema has the same form as the id's own
    aliases: config.aliases ?? [],
    name: config.name,
    packages: (config.install?.apt ?? []).filter((name) => PACKAGE.test(name)),
    needs: config.needs ?? guessNeeds([config.compile, config.run, config.repl]),
    main: config.main,
    template: config.template,
    prefix: config.prefix === undefined ? '' : `${config.prefix}\n`,
    suffix: config.suffix === undefined ? '' : `\n${config.suffix}`,
    run: config.run,
    ...present({
      createEmpty: config.createEmpty,
      setup: config.setup,
      daemon: config.daemon,
      compile: config.compile,
      repl: config.repl,
      prompt: config.prompt,
      ensure: config.ensure,
      versionCommand: config.versionCommand,
      highlight: config.monacoLang,
    }),
    takesArgs: config.run.includes(ARGUMENTS),
    args: config.run.includes(ARGUMENTS) ? (config.args ?? []) : [],
    takesFlags: config.compile?.includes(ARGUMENTS) ?? false,
    flags: config.flags ?? [],
    ...present({ format: config.format?.run, lsp: config.lsp && serverOf(config.id, config.lsp) }),
    limits: limitsOf(limitsFrom(config.limits ?? {})),
    info: infoOf(config.info ?? {}),
    checks: checksOf(config),
  }
}

function infoOf(info: NonNullable<LangConfig['info']>): LanguageInfo {
  const { home, wiki, esolang, impl, source } = info.web ?? {}
  return present({
    desc: info.desc,
    year: info.year,
    by: many(info.by),
    impl: info.impl,
    version: info.version,
    category: many(info.category),
    mode: many(info.mode),
    platform: many(info.platform),
    syntax: many(info.syntax),
    typing: many(info.typing),
    paradigm: many(info.paradigm),
    usage: many(info.usage),
    ext: many(info.ext),
    web: info.web && present({ home, wiki, esolang, impl, source: source ?? undefined }),
  })
}

function serverOf(id: string, lsp: NonNullable<LangConfig['lsp']>): LanguageServer {
  return {
    start: lsp.start,
    auto: lsp.auto ?? false,
    lang: lsp.lang ?? id,
    noDynamicRegistration: lsp.disableDynamicRegistration ?? false,
    ...present({ setup: lsp.setup, init: lsp.init, config: lsp.config }),
  }
}

function checksOf(config: LangConfig): LanguageChecks {
  const input = typedLines(config.input ?? INPUT)
  const output = config.output ?? OUTPUT
  const { scope, format, lsp } = config
  return {
    declared: declared(config),
    timeoutMs: Math.min(CHECK_MS_MAX, Math.max(CHECK_MS_MIN, CHECK_MS * (config.timeoutFactor ?? 1))),
    hello: config.hello ?? HELLO,
    helloInput: config.helloInput === undefined ? [] : typedLines(config.helloInput),
    input,
    output,
    runReplInput: config.runReplInput === undefined ? input : typedLines(config.runReplInput),
    runReplOutput: config.runReplOutput ?? output,
    skipped: CHECKS.filter((check) => config.skip?.includes(check)).map((check) => ({
      check,
      reason: config.skipReasons?.[check] ?? 'no reason given',
    })),
    ...present({
      helloMaxLength: config.helloMaxLength,
      helloStatus: config.helloStatus,
      format: format && { input: format.input ?? outOfShape(config.template), output: format.output ?? config.template },
      lsp: lsp && { code: lsp.code, item: lsp.item, ...present({ after: lsp.after }) },
      scope: scope && {
        code: scope.code,
        ...present({ after: scope.after }),
        input: typedLines(scope.input ?? SCOPE_INPUT),
        output: scope.output ?? OUTPUT,
      },
    }),
  }
}

/** Every run is checked; the rest where the config has what the check is about. */
function declared(config: LangConfig): readonly Check[] {
  const has: Record<Check, boolean> = {
    ensure: config.ensure !== undefined,
    run: true,
    repl: config.repl !== undefined,
    runrepl: config.repl !== undefined,
    scope: config.scope !== undefined,
    format: config.format !== undefined,
    lsp: config.lsp !== undefined,
  }
  return CHECKS.filter((check) => has[check] && !config.skip?.includes(check))
}

/** What any formatter puts right: space at the ends of lines, and lines too many at the end. */
const outOfShape = (text: string) => `${text.replaceAll('\n', '  \n')}\n\n`

const many = (value: string | string[] | undefined) => (value === undefined || value.length === 0 ? undefined : [value].flat())

type Present<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

/** Drops what is absent, so that an optional field is either there with a value or not there. */
function present<T extends Record<string, unknown>>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>
}
