import { pgPeople } from '#lib/adapters/pg/people.ts'
import { ADMIN_LINK_SECONDS, adminLinkPath, makeAdminLink } from '#lib/application/people/admin-link.ts'

import type { Options } from './options.ts'
import { jsonResult, note, result } from './print.ts'
import { withWorkshop } from './workshop.ts'

/** Whoever may read and write the database may make an admin; this is how they come in by a browser. */
export async function adminLink({ json }: Options): Promise<number> {
  const url = await withWorkshop(async ({ database, random, config }) => {
    const secret = await makeAdminLink({ people: pgPeople(database), random })
    return (config.publicUrl ?? `http://localhost:${config.port}`) + adminLinkPath(secret)
  })
  if (json) jsonResult({ url, seconds: ADMIN_LINK_SECONDS })
  else {
    result(url)
    note(`It works once, within ${ADMIN_LINK_SECONDS / 60} minutes, while the server runs`)
  }
  return 0
}
