import type { ApiProblem } from '#lib/domain/api-problem.ts'
import type { Asker, Person } from '#lib/domain/person.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

/** The person behind a request; every action but reading wants one, and this is where that is a value. */
export function askedBy(asker: Asker): Result<Person, ApiProblem> {
  return asker.kind === 'stranger' ? err({ code: 'signed_out', action: 'read_self' }) : ok(asker.person)
}
