import type { People } from '#lib/application/ports/people.ts'
import type { Asker } from '#lib/domain/person.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { hashOf, isSecret, isTokenSecret } from './secrets.ts'

/** What came along with a request: the token it shows, the secret in its cookie. */
export type Shown = { readonly token: string | undefined; readonly login: string | undefined }

/**
 * Who asks. A token that is none, or no longer, is refused rather than taken for nobody's: its owner should hear of it. A
 * browser whose login has ended is a stranger's again.
 */
export async function whoAsks(
  people: Pick<People, 'byLogin' | 'byToken'>,
  { token, login }: Shown,
): Promise<Result<Asker, { readonly code: 'bad_token' }>> {
  if (token !== undefined) {
    const found = isTokenSecret(token) ? await people.byToken(hashOf(token)) : undefined
    return found ? ok({ kind: 'token', ...found }) : err({ code: 'bad_token' })
  }
  const person = login !== undefined && isSecret(login) ? await people.byLogin(hashOf(login)) : undefined
  return ok(person ? { kind: 'browser', person } : { kind: 'stranger' })
}
