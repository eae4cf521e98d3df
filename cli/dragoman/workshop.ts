import { join, resolve } from 'node:path'
import { userInfo } from 'node:os'

import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { type Database, openDatabase } from '#lib/adapters/pg/database.ts'
import { pgDeployments } from '#lib/adapters/pg/deployments.ts'
import { pgQuestions } from '#lib/adapters/pg/questions.ts'
import { withClient } from '#lib/adapters/postgres/client.ts'
import { startEmbedded } from '#lib/adapters/postgres/embedded.ts'
import { migrate } from '#lib/adapters/postgres/migrate.ts'
import { DATABASE, WEB_ROLE } from '#lib/adapters/postgres/roles.ts'
import { socketFolder } from '#lib/adapters/postgres/socket-path.ts'
import { systemRandom } from '#lib/adapters/system/time.ts'
import { type Config, parseConfig } from '#lib/config/options.ts'

import { TOP } from './languages.ts'

/** A person waits; what takes longer than this will not come. */
const TIMEOUT_MS = 10_000

export type Workshop = {
  readonly url: string
  readonly config: Config
  readonly database: Database
  readonly queue: ReturnType<typeof pgBuildQueue>
  readonly artifacts: ReturnType<typeof pgArtifacts>
  readonly deployments: ReturnType<typeof pgDeployments>
  readonly questions: ReturnType<typeof pgQuestions>
  readonly random: typeof systemRandom
}

/**
 * The records, as the options say: by `DATABASE_URL`, else the running server's own database, else the same one started for as
 * long as the command takes.
 */
export async function withWorkshop<T>(use: (workshop: Workshop) => Promise<T>): Promise<T> {
  const config = workshopConfig()
  const found = config.databaseUrl ? { url: config.databaseUrl, close: async () => {} } : await ownDatabase(config.dataDir)
  const database = openDatabase({ url: found.url, timeoutMs: TIMEOUT_MS })
  try {
    const queue = pgBuildQueue(database)
    const records = { artifacts: pgArtifacts(database), deployments: pgDeployments(database), questions: pgQuestions(database) }
    return await use({ url: found.url, config, database, queue, ...records, random: systemRandom })
  } finally {
    await database.close()
    await found.close()
  }
}

/** The options of the environment. Throws when one of them is none. */
export function workshopConfig(): Config {
  const parsed = parseConfig(process.env)
  if (!parsed.ok) throw new Error(parsed.error.map(({ name, message }) => `${name} ${message}`).join('; '))
  return { ...parsed.value, dataDir: resolve(TOP, parsed.value.dataDir) }
}

/** Who is said to have done it. */
export const actor = (): string => `cli:${userInfo().username}`

async function ownDatabase(dataDir: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const [data, run] = [join(dataDir, 'postgres'), join(dataDir, 'run')]
  const running = await runningDatabase(data, run)
  if (running) return running
  const embedded = await startEmbedded({ dataDir: data, runDir: run })
  await migrate({ url: embedded.migrateUrl, folder: join(TOP, 'prisma', 'migrations'), webRole: WEB_ROLE })
  return { url: embedded.url, close: () => embedded.stop() }
}

/** The one that a server has started, if one answers. */
async function runningDatabase(data: string, run: string) {
  try {
    const sockets = socketFolder(run, data)
    const url = `postgresql://${WEB_ROLE}@localhost/${DATABASE}?host=${encodeURIComponent(sockets.forUs)}`
    await withClient(url, (client) => client.query('SELECT 1'))
    return { url, close: async () => sockets.close() }
  } catch {
    return undefined
  }
}
