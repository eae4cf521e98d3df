import type { Foundation } from './foundation.ts'
import type { LangId } from './ids.ts'
import type { Limits } from './limits.ts'

/** A language as the rest of the program uses it: a checked config with the defaults filled in. */
export type Language = {
  readonly id: LangId
  readonly aliases: readonly string[]
  readonly name: string
  /** What its sandboxes stand on; undefined while that is the machine itself. */
  readonly foundation?: Foundation
  /** Debian packages its config's `install.apt` names: what to install where its commands are missing. */
  readonly packages: readonly string[]
  /** Commands that must be on the sandbox's path for it to be ready. */
  readonly needs: readonly string[]
  /** File the program is written to, relative to the home; may hold folders. */
  readonly main: string
  readonly template: string
  /** Stand around every program that is run, line ends included; empty where there is nothing to add. */
  readonly prefix: string
  readonly suffix: string
  /** Text of the file that is made before the prompt starts, where the language wants one. */
  readonly createEmpty?: string
  readonly setup?: string
  readonly daemon?: string
  readonly compile?: string
  readonly run: string
  readonly repl?: string
  /** What the end of the output looks like when the prompt waits: a regular expression on the last line, escapes stripped. */
  readonly prompt?: string
  readonly ensure?: string
  readonly versionCommand?: string
  /** `run` hands its arguments on by `"$@"`; without that there is no place for them. */
  readonly takesArgs: boolean
  /** What stands in the arguments' field at first. */
  readonly args: readonly string[]
  /** The same for `compile` and the compiler's flags. */
  readonly takesFlags: boolean
  readonly flags: readonly string[]
  /** Shell that formats, from stdin to stdout. */
  readonly format?: string
  readonly lsp?: LanguageServer
  /** Hint for highlighting, in the editor's own names. */
  readonly highlight?: string
  readonly limits: Limits
  readonly info: LanguageInfo
  readonly checks: LanguageChecks
}

export type LanguageInfo = {
  readonly desc?: string
  readonly year?: number
  /** Who made the language. */
  readonly by?: readonly string[]
  readonly impl?: string
  readonly version?: string
  readonly category?: readonly string[]
  readonly mode?: readonly string[]
  readonly platform?: readonly string[]
  readonly syntax?: readonly string[]
  readonly typing?: readonly string[]
  readonly paradigm?: readonly string[]
  readonly usage?: readonly string[]
  readonly ext?: readonly string[]
  readonly web?: {
    readonly home?: string
    readonly wiki?: string
    readonly esolang?: string
    readonly impl?: string
    readonly source?: string
  }
}

/** A program that speaks the Language Server Protocol on stdio, inside the sandbox. */
export type LanguageServer = {
  readonly setup?: string
  readonly start: string
  /** Starts with the page; the others wait for a button. */
  readonly auto: boolean
  /** The language's name in the protocol. */
  readonly lang: string
  readonly noDynamicRegistration: boolean
  /** Initialization options, as the config has them. */
  readonly init?: unknown
  /** Answers to `workspace/configuration`. */
  readonly config?: unknown
}

export const CHECKS = ['ensure', 'run', 'repl', 'runrepl', 'scope', 'format', 'lsp'] as const
export type Check = (typeof CHECKS)[number]

/** A line typed into the terminal, or a pause in milliseconds. */
export type Typed = { readonly line: string } | { readonly delayMs: number }

/** What the checks type and expect; only the checks named in `declared` apply. */
export type LanguageChecks = {
  readonly declared: readonly Check[]
  readonly timeoutMs: number
  readonly hello: string
  /** `hello` is a regular expression when set. */
  readonly helloMaxLength?: number
  readonly helloInput: readonly Typed[]
  readonly helloStatus?: number
  readonly input: readonly Typed[]
  readonly output: string
  readonly runReplInput: readonly Typed[]
  readonly runReplOutput: string
  readonly scope?: { readonly code: string; readonly after?: string; readonly input: readonly Typed[]; readonly output: string }
  readonly format?: { readonly input: string; readonly output: string }
  readonly lsp?: { readonly code: string; readonly after?: string; readonly item: string }
  readonly skipped: readonly { readonly check: Check; readonly reason: string }[]
}
