import { personId, type PersonId } from '#lib/domain/ids.ts'
import { actorName, type Person } from '#lib/domain/person.ts'
import type { Random } from '#lib/application/ports/time.ts'
import { hashOf, isSecret, newAuditId, newSecret, type PeopleWorld } from './secrets.ts'

/** Time to copy a line from a terminal to a browser. */
export const ADMIN_LINK_SECONDS = 15 * 60

/** The secret of a link that makes whoever opens it first an admin. */
export async function makeAdminLink({ people, random }: PeopleWorld): Promise<string> {
  const secret = newSecret(random)
  await people.makeAdminLink(hashOf(secret), ADMIN_LINK_SECONDS)
  return secret
}

/** Where a browser uses it. */
export const adminLinkPath = (secret: string): string => `/sign-in/admin?link=${secret}`

/** The admin that the link makes; undefined when it was used, is too old or never was. */
export async function useAdminLink({ people, random }: PeopleWorld, secret: string): Promise<Person | undefined> {
  if (!isSecret(secret)) return undefined
  const admin: Person = { id: newPersonId(random), name: 'admin', role: 'admin' }
  return people.useAdminLink(hashOf(secret), admin, { id: newAuditId(random), actor: actorName(admin) })
}

export function newPersonId(random: Random): PersonId {
  const id = personId(`p${random.hex(8)}`)
  if (!id) throw new Error('Cannot make a person id: that was not eight bytes of hex')
  return id
}
