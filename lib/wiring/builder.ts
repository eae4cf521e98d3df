import { rm } from 'node:fs/promises'
import { availableParallelism, hostname } from 'node:os'
import { join } from 'node:path'

import { aptPackages } from '../adapters/debian/apt-packages.ts'
import { debianDebs } from '../adapters/debian/debs.ts'
import { checkConfig } from '../adapters/lang-files/check-config.ts'
import { pgAnnouncements } from '../adapters/pg/announcements.ts'
import { pgArtifacts } from '../adapters/pg/artifacts.ts'
import { pgBuildLogs } from '../adapters/pg/build-logs.ts'
import { pgBuildQueue } from '../adapters/pg/build-queue.ts'
import { pgDeployments } from '../adapters/pg/deployments.ts'
import type { Database } from '../adapters/pg/database.ts'
import { systemClock } from '../adapters/system/time.ts'
import { logAnnouncer } from '../application/builds/announce-logs.ts'
import { finaliseLogs } from '../application/builds/finalise-logs.ts'
import { meteredBuilds } from '../application/builds/metered-builds.ts'
import { rounds } from '../application/builds/rounds.ts'
import { runBuilder } from '../application/builds/run-builder.ts'
import { isStored } from '../application/builds/steps/is-stored.ts'
import { stepRunner } from '../application/builds/steps/run-step.ts'
import type { StepsWorld } from '../application/builds/steps/step-world.ts'
import { watchAttempts } from '../application/builds/watch-attempts.ts'
import type { ImageRoots } from '../application/ports/image-roots.ts'
import { errorText, type Log } from '../application/ports/log.ts'
import type { Metrics } from '../application/ports/metrics.ts'
import type { Sandboxes } from '../application/ports/sandboxes.ts'
import { thisMachine } from '../config/machine.ts'
import type { Config } from '../config/options.ts'
import { BUILD_MEMORY_MIB, builderSlots } from '../domain/builder-slots.ts'
import { toLanguage } from '../domain/lang-to-language.ts'
import { err, ok } from '../domain/result.ts'
import { openStores, type Stores } from '../stores.ts'
import { buildsAreOff } from './builder-needs.ts'
import { imageChecks } from './check-image.ts'
import { openWorkplaces } from './workplaces.ts'

/** The builder's own, below the data folder: what is in it is half done. */
const WORK_FOLDER = 'builder'
const MIB = 1024 * 1024
/** Ended logs are moved this often, and the queue is counted. */
const ROUND_MS = 3000
/** What a server left that was killed ends by itself; this is for what did not. */
const SWEEP_MS = 15_000
/** What `k8s/base` lets one pod have, on however large a node. */
const POD_CPUS_MAX = 4
/** A package manager with its helpers, and a compiler on every core. */
const RECIPE_PROCESSES_MAX = 2048

export type BuilderParts = {
  readonly config: Config
  /** Where the checkout is. */
  readonly top: string
  readonly dataDir: string
  /** Of this data folder alone. */
  readonly instance: string
  readonly database: { readonly url: string; readonly handle: Database }
  readonly sandboxes: Sandboxes
  readonly roots: ImageRoots
  readonly metrics: Metrics
  readonly log: Log
}

/**
 * Builds languages beside everything else, where this machine can; else says why it does not. Rejects while the database is
 * away. What runs at `stop` is tried again by whoever comes next.
 */
export async function startBuilder(parts: BuilderParts): Promise<{ stop(): Promise<void> }> {
  const { config, top, dataDir, instance, database, metrics, log } = parts
  const off = buildsAreOff(config)
  if (off !== undefined) {
    log.info('nothing is built here', { why: off })
    return { stop: async () => undefined }
  }
  await database.handle.sql.query('SELECT 1') // while it is away nothing is opened that would have to be closed
  const cores = availableParallelism()
  const { memoryMiB } = thisMachine()
  const slots = builderSlots({ cores, memoryMiB })
  const work = join(dataDir, WORK_FOLDER)
  await rm(work, { recursive: true, force: true }) // of one that was killed; nobody else has this data folder
  const stores = await openStores({ ...config, dataDir }, systemClock, WORK_FOLDER)
  const memoryBytes = slots * BUILD_MEMORY_MIB * MIB
  const { workplaces, sweep, close } = await openWorkplaces({ config, top, instance, work, memoryBytes, metrics }, stores)
  const announcements = pgAnnouncements(database.handle, { url: database.url, clock: systemClock, log })
  const { queue, logs, metered } = meteredBuilds(
    { queue: pgBuildQueue(database.handle), logs: pgBuildLogs(database.handle) },
    { metrics, clock: systemClock },
  )
  const cpus = Math.max(1, cores / slots)
  const steps = stepsWorld(parts, stores, workplaces, config.builder === 'pods' ? Math.min(cpus, POD_CPUS_MAX) : cpus)
  const builder = await runBuilder(
    {
      ...{ queue, logs, announcements, clock: systemClock, log, kept: logAnnouncer(announcements, systemClock) },
      run: metered(stepRunner(steps)),
      isStored: (artifact) => isStored(steps, artifact),
    },
    `${hostname().slice(0, 60)} ${instance}`,
    slots,
  )
  const watch = watchAttempts({ queue, clock: systemClock, log })
  const stopRounds = rounds(
    systemClock,
    ROUND_MS,
    async () => {
      metrics.set('dragoman_build_queue_length', {}, await queue.waiting())
      while ((await finaliseLogs({ logs, objects: stores.objects, log })) > 0);
    },
    (error) => log.warn('logs are not finalised', { error: errorText(error) }),
  )
  const stopSweeping = rounds(
    systemClock,
    SWEEP_MS,
    () => sweep(() => queue.live()),
    (error) => log.warn('places of builds are not swept', { error: errorText(error) }),
  )
  return {
    async stop() {
      stopRounds()
      stopSweeping()
      watch.stop()
      await builder.stop()
      await announcements.close()
      await close()
      stores.close()
    },
  }
}

function stepsWorld(
  { dataDir, database, sandboxes, roots, log }: BuilderParts,
  { objects, images, layers }: Stores,
  workplaces: StepsWorld['workplaces'],
  cpus: number,
): StepsWorld {
  const work = join(dataDir, WORK_FOLDER)
  const packages = aptPackages(work)
  return {
    ...{
      artifacts: pgArtifacts(database.handle),
      configs: pgDeployments(database.handle),
      objects,
      images,
      layers,
      packages,
      workplaces,
      debs: debianDebs(work),
    },
    parse(lang, text) {
      const { config: parsed, problems } = checkConfig(`${lang}.yaml`, text)
      const why = problems.filter(({ severity }) => severity === 'error').map(({ message }) => message)
      return parsed ? ok({ config: parsed, language: toLanguage(parsed) }) : err(why.join('; '))
    },
    checkImage: imageChecks(sandboxes, roots, log),
    limits: { cpus, memoryBytes: BUILD_MEMORY_MIB * MIB, processes: RECIPE_PROCESSES_MAX },
  }
}
