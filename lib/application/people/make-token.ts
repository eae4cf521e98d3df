import type { TokenFacts } from '#lib/application/ports/people.ts'
import { tokenId } from '#lib/domain/ids.ts'
import { actorName, type Person, type Scope } from '#lib/domain/person.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { hashOf, newAuditId, newTokenSecret, type PeopleWorld } from './secrets.ts'

/** Tokens of one person that work at a time. */
export const TOKENS_MAX = 20
/** Ended ones are listed too, for who wants to know what a token was. */
export const TOKENS_LISTED_MAX = 100

export type TokenAsk = {
  readonly person: Person
  readonly name: string
  readonly scopes: readonly Scope[]
  /** A year at most: a token that nobody renews ends. */
  readonly days: number
}
export type MadeToken = {
  /** Shown once: nothing of ours knows it afterwards. */
  readonly secret: string
  readonly token: TokenFacts
}

/** Makes a token for a program. What it may is what its person may, of that what its scopes name. */
export async function makeToken(
  { people, random, today }: PeopleWorld & { readonly today: () => Date },
  { person, name, scopes, days }: TokenAsk,
): Promise<Result<MadeToken, { readonly code: 'too_many_tokens'; readonly max: number }>> {
  const held = await people.tokens(person.id, TOKENS_LISTED_MAX)
  const live = held.filter(({ revokedAt, expiresAt }) => revokedAt === undefined && expiresAt > today())
  if (live.length >= TOKENS_MAX) return err({ code: 'too_many_tokens', max: TOKENS_MAX })
  const id = tokenId(`t${random.hex(8)}`)
  if (!id) throw new Error('Cannot make a token id: that was not eight bytes of hex')
  const secret = newTokenSecret(random)
  const note = { id: newAuditId(random), actor: actorName(person) }
  const token = await people.makeToken({ id, hash: hashOf(secret), person: person.id, name, scopes, days }, note)
  return ok({ secret, token })
}
