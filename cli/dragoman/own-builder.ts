import { join } from 'node:path'

import { dataIsTaken } from '#lib/adapters/postgres/data-lock.ts'
import type { Config } from '#lib/config/options.ts'
import { buildsAreOff } from '#lib/wiring/builder-needs.ts'

import { ownServer } from '../own-server.ts'
import { note } from './print.ts'

/** Nobody visits it. */
const BUILDS_ONLY = { DRAGOMAN_POOL_MEMORY_MIB: '0', DRAGOMAN_PLAIN_MEMBERS: '0' }

export type Builder = {
  /** Why it ended, when it was one of ours and has ended by itself; undefined while all is well. */
  fault(): string | undefined
  stop(): Promise<void>
}

/** A server builds that is not ours to end. */
const ANOTHERS: Builder = { fault: () => undefined, stop: async () => undefined }

/**
 * A server that builds: the cluster's, whoever of them; the one that runs on the data folder; else one of our own for as long
 * as it takes. Throws when it cannot.
 */
export async function builderOn(config: Config): Promise<Builder> {
  if (config.sandboxes === 'pods' && config.builder === 'pods') return ANOTHERS
  if (dataIsTaken(join(config.dataDir, 'server.lock'))) return ANOTHERS
  const off = buildsAreOff(config)
  if (off !== undefined) throw new Error(`Nothing can be built here: ${off}`)
  note('No server runs here; one is started for as long as this takes')
  const server = await ownServer(config.dataDir, {
    ...BUILDS_ONLY,
    DRAGOMAN_BUILDER: config.builder,
    DRAGOMAN_DATA_DIR: config.dataDir,
  })
  process.once('exit', () => server.process.kill()) // for an end in haste
  let stopping = false
  return {
    fault: () => (!stopping && server.process.exitCode !== null ? `The server ended:\n${server.log()}` : undefined),
    async stop() {
      stopping = true
      await server.stop()
    },
  }
}
