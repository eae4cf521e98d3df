import { checkConfig } from '../adapters/lang-files/check-config.ts'
import { readConfig } from '../adapters/lang-files/config-files.ts'
import { withShared } from '../adapters/lang-files/shared-configs.ts'
import { pgArtifacts } from '../adapters/pg/artifacts.ts'
import { pgBuildLogs } from '../adapters/pg/build-logs.ts'
import { pgBuildQueue } from '../adapters/pg/build-queue.ts'
import { pgDeployments } from '../adapters/pg/deployments.ts'
import { pgIdempotency } from '../adapters/pg/idempotency.ts'
import { pgPeople } from '../adapters/pg/people.ts'
import { systemClock, systemRandom } from '../adapters/system/time.ts'
import type { LogFeed } from '../application/builds/log-feed.ts'
import type { Log } from '../application/ports/log.ts'
import type { ObjectStore } from '../application/ports/object-store.ts'
import type { ApiProblem } from '../domain/api-problem.ts'
import type { LangId } from '../domain/ids.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { ApiWorld, BuildConfig } from '../web/api/world.ts'
import type { WorkshopDatabase } from './databases.ts'

export type ApiParts = {
  readonly workshop: WorkshopDatabase
  readonly objects: ObjectStore
  readonly feed: LogFeed
  /** Where configs are, the later ones first to count. */
  readonly folders: readonly string[]
  languageName(id: LangId): string | undefined
  readonly log: Log
}

/** What the API works with: the records of this server. */
export function openApiWorld({ workshop, objects, feed, folders, languageName, log }: ApiParts): ApiWorld {
  const { database } = workshop
  return {
    people: pgPeople(database),
    idempotency: pgIdempotency(database),
    queue: pgBuildQueue(database),
    artifacts: pgArtifacts(database),
    deployments: pgDeployments(database),
    logs: pgBuildLogs(database),
    ...{ objects, feed, languageName, log },
    clock: systemClock,
    random: systemRandom,
    config: (lang, text) => configOf(folders, lang, text),
    databaseIsUp: () =>
      database.sql.query('SELECT 1').then(
        () => true,
        () => false,
      ),
  }
}

function configOf(folders: readonly string[], lang: LangId, given: string | undefined): Result<BuildConfig, ApiProblem> {
  const file = `${lang}.yaml`
  const text = given === undefined ? ownText(folders, file) : given
  if (text === undefined) return err({ code: 'no_such_language' })
  const { config, problems } = checkConfig(file, text)
  const faults = problems.filter(({ severity }) => severity === 'error')
  if (!config || faults.length > 0) {
    return err({ code: 'bad_config', problems: faults.map(({ line, column, message }) => `${line}:${column}: ${message}`) })
  }
  if (config.id !== lang) return err({ code: 'bad_config', problems: [`it is one of "${config.id}", not of "${lang}"`] })
  const whole = withShared(file, text, folders)
  return whole.ok ? ok({ text: whole.value, agent: config.agent }) : err({ code: 'bad_config', problems: [whole.error] })
}

function ownText(folders: readonly string[], file: string): string | undefined {
  for (const folder of folders.toReversed()) {
    const text = readConfig(`${folder}/${file}`)
    if (text.ok) return text.value
  }
  return undefined
}
