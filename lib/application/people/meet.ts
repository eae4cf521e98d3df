import { actorName, type Person, personName } from '#lib/domain/person.ts'
import { newPersonId } from './admin-link.ts'
import { newAuditId, type PeopleWorld } from './secrets.ts'

/** Who is meant by a name in the options, where the audit trail names who gave a role. */
const BY_OPTIONS = 'options'

/** The person that a provider knows: who comes for the first time looks only, until an admin, or the options, say otherwise. */
export async function meet(
  { people, random }: PeopleWorld,
  { provider, admins }: { readonly provider: string; readonly admins: readonly string[] },
  { subject, name }: { readonly subject: string; readonly name: string },
): Promise<Person> {
  const isAdmin = admins.includes(subject)
  const newcomer: Person = { id: newPersonId(random), name: personName(name, 'somebody'), role: isAdmin ? 'admin' : 'visitor' }
  const met = await people.meet({ provider, subject }, newcomer, { id: newAuditId(random), actor: actorName(newcomer) })
  if (!isAdmin || met.role === 'admin') return met
  await people.changeRole(met.id, 'admin', { id: newAuditId(random), actor: BY_OPTIONS })
  return { ...met, role: 'admin' }
}
