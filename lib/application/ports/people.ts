import type { PersonId, TokenId } from '#lib/domain/ids.ts'
import type { Person, Role, Scope } from '#lib/domain/person.ts'

/** sha256 of a secret as 64 lower-case hex digits; the secret itself is kept nowhere. */
export type SecretHash = string

/** What was done and by whom, for the row that says so in the same transaction. */
export type AuditNote = { readonly id: string; readonly actor: string }

/** What a provider says of somebody; `subject` is its own id of them, which it gives to nobody else. */
export type KnownAs = { readonly provider: string; readonly subject: string }

export type TokenFacts = {
  readonly id: TokenId
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly revokedAt: Date | undefined
  /** Within a minute. */
  readonly usedAt: Date | undefined
}
export type NewToken = Pick<TokenFacts, 'id' | 'name' | 'scopes'> & {
  readonly hash: SecretHash
  readonly person: PersonId
  readonly days: number
}

export type AuditEvent = {
  readonly id: string
  readonly at: Date
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly facts: Readonly<Record<string, unknown>>
}

/** People, how they are known, and what they hold. Every call is one transaction and rejects when the database is away. */
export interface People {
  find(id: PersonId): Promise<Person | undefined>
  list(max: number): Promise<readonly (Person & { readonly createdAt: Date })[]>
  /** The one who is known so. Who comes for the first time becomes a person, as given; who came before keeps role and id. */
  meet(known: KnownAs, person: Person, note: AuditNote): Promise<Person>
  /** Gives a role and ends all logins of theirs; false when there is no such person, or they are the last admin. */
  changeRole(id: PersonId, role: Role, note: AuditNote): Promise<boolean>

  /** Remembers a browser for so many seconds. */
  logIn(hash: SecretHash, person: PersonId, seconds: number, note: AuditNote): Promise<void>
  logOut(hash: SecretHash): Promise<void>
  /** Whose browser it is, while that lasts. */
  byLogin(hash: SecretHash): Promise<Person | undefined>

  makeToken(token: NewToken, note: AuditNote): Promise<TokenFacts>
  /** A person's, the newest first, ended ones among them. */
  tokens(person: PersonId, max: number): Promise<readonly TokenFacts[]>
  /** False when it is not theirs or was revoked before. */
  revokeToken(id: TokenId, person: PersonId, note: AuditNote): Promise<boolean>
  /** Whose token it is, while it lasts; the use is written down. */
  byToken(hash: SecretHash): Promise<{ readonly person: Person; readonly scopes: readonly Scope[] } | undefined>

  /** A link that makes one admin, for so many seconds. */
  makeAdminLink(hash: SecretHash, seconds: number): Promise<void>
  /** Uses a link up and makes its admin; undefined when there is none such, or no longer. */
  useAdminLink(hash: SecretHash, admin: Person, note: AuditNote): Promise<Person | undefined>
  /** Whether anybody is an admin yet. */
  hasAdmin(): Promise<boolean>

  /** The newest first; of one subject, or before a time. */
  audit(which: { readonly subject?: string; readonly before?: Date; readonly max: number }): Promise<readonly AuditEvent[]>
}
