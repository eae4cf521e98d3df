declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** One visitor's use of one sandbox: 128 random bits as 32 lower-case hex digits. */
export type SessionId = Branded<'SessionId'>
/** One sandbox: `sb` and 20 lower-case hex digits; names everything made for it, so that making twice is one. */
export type SandboxId = Branded<'SandboxId'>
/** A language's id, e.g. `python`, `c++`. */
export type LangId = Branded<'LangId'>
/** One build: `b` and 16 lower-case hex digits. */
export type BuildId = Branded<'BuildId'>
/** Somebody who signed in: `p` and 16 lower-case hex digits. */
export type PersonId = Branded<'PersonId'>
/** A token of theirs, not its secret: `t` and 16 lower-case hex digits. */
export type TokenId = Branded<'TokenId'>

const SESSION = /^[0-9a-f]{32}$/
const SANDBOX = /^sb[0-9a-f]{20}$/
const LANG = /^[a-z0-9+]{1,40}$/
const BUILD = /^b[0-9a-f]{16}$/
const PERSON = /^p[0-9a-f]{16}$/
const TOKEN = /^t[0-9a-f]{16}$/

export const sessionId = (text: string): SessionId | undefined => (SESSION.test(text) ? (text as SessionId) : undefined)
export const sandboxId = (text: string): SandboxId | undefined => (SANDBOX.test(text) ? (text as SandboxId) : undefined)
export const langId = (text: string): LangId | undefined => (LANG.test(text) ? (text as LangId) : undefined)
export const buildId = (text: string): BuildId | undefined => (BUILD.test(text) ? (text as BuildId) : undefined)
export const personId = (text: string): PersonId | undefined => (PERSON.test(text) ? (text as PersonId) : undefined)
export const tokenId = (text: string): TokenId | undefined => (TOKEN.test(text) ? (text as TokenId) : undefined)
