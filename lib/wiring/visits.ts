import { join, resolve } from 'node:path'

import { adminLinkPath, makeAdminLink } from '../application/people/admin-link.ts'
import type { LogFeed } from '../application/builds/log-feed.ts'
import type { Listed } from '../application/languages/readiness.ts'
import type { Log } from '../application/ports/log.ts'
import type { ObjectStore } from '../application/ports/object-store.ts'
import type { Config } from '../config/options.ts'
import { api } from '../web/api/api.ts'
import type { FetchHandler } from '../web/fetch-handler.ts'
import { peopleSite } from '../web/people/site.ts'
import type { PlainAssets } from '../web/plain/document.ts'
import { openApiWorld } from './api.ts'
import type { WorkshopDatabase } from './databases.ts'
import { signInBy } from './sign-in.ts'

/** What is answered to people and their programs, beside the pages. */
export type Visits = {
  /** Answers what is asked below `/api/v1`. */
  readonly api: FetchHandler
  /** Pages about people, by method and path, drawn with these. */
  people(assets: PlainAssets): Readonly<Record<string, FetchHandler>>
  /** The path of a link that makes the first admin, while there is none and whoever reads the terminal is who runs this. */
  firstAdminLink(): Promise<string | undefined>
}

type Parts = {
  /** Where the checkout is. */
  readonly top: string
  readonly workshop: WorkshopDatabase | undefined
  readonly objects: ObjectStore
  /** All followers of logs on this server share one. */
  readonly feed: LogFeed | undefined
  languages(): readonly Listed[]
  readonly log: Log
}

/** Without a database every answer says that there is none. */
export function openVisits(config: Config, { top, workshop, objects, feed, languages, log }: Parts): Visits {
  const folders = [join(top, 'langs'), ...(config.configs ? [resolve(top, config.configs)] : [])]
  const languageName = (id: string) => languages().find(({ language }) => language.id === id)?.language.name
  const world = workshop && feed && openApiWorld({ workshop, objects, feed, folders, languageName, log })
  const settings = { isSecure: config.publicUrl?.startsWith('https:') === true, origins: config.origins }
  const provider = signInBy(config, log)
  return {
    api: api(world, settings),
    people: (assets) => peopleSite(world, { ...settings, assets, provider, admins: config.githubAdmins }),
    async firstAdminLink() {
      if (config.sandboxes === 'pods' || !world || (await world.people.hasAdmin())) return undefined
      return adminLinkPath(await makeAdminLink(world))
    },
  }
}
