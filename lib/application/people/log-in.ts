import { actorName, type Person } from '#lib/domain/person.ts'
import { hashOf, newAuditId, newSecret, type PeopleWorld } from './secrets.ts'

/** A browser stays signed in so long. */
export const LOGIN_SECONDS = 30 * 24 * 60 * 60

/** Remembers a browser; the answer is for its cookie and nowhere else. Each login has a secret of its own, so none can be planted. */
export async function logIn({ people, random }: PeopleWorld, person: Person): Promise<string> {
  const secret = newSecret(random)
  const note = { id: newAuditId(random), actor: actorName(person) }
  await people.logIn(hashOf(secret), person.id, LOGIN_SECONDS, note)
  return secret
}
