import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'

import packageFile from '../package.json' with { type: 'json' }
import { pinoLog } from './adapters/pino/log.ts'
import { lockData } from './adapters/postgres/data-lock.ts'
import { prometheusMetrics } from './adapters/prometheus/metrics.ts'
import { openFiles } from './adapters/system/open-files.ts'
import { systemClock, systemRandom } from './adapters/system/time.ts'
import { admission } from './application/admission/admission.ts'
import { watchDescriptors } from './application/admission/descriptors.ts'
import { sharedAdmission } from './application/admission/shared-admission.ts'
import { findLanguage } from './application/languages/find-language.ts'
import { Versions } from './application/languages/versions.ts'
import { Pool } from './application/pool/pool.ts'
import { keepUp } from './application/replicas/keep-up.ts'
import { meteredRecords } from './application/ports/metered-records.ts'
import type { Records } from './application/ports/records.ts'
import { adoptSessions } from './application/sessions/adopt-sessions.ts'
import { watchBusy } from './application/sessions/busy-watch.ts'
import { openSession, type OpenSessionWorld } from './application/sessions/open-session.ts'
import { outputShare } from './application/sessions/output-share.ts'
import { SessionRegistry } from './application/sessions/registry.ts'
import { resumeSession } from './application/sessions/take-over.ts'
import type { Config } from './config/options.ts'
import { langId, type LangId } from './domain/ids.ts'
import type { Problem } from './domain/problem.ts'
import { socketServer } from './socket/socket-server.ts'
import { openStores } from './stores.ts'
import type { DashboardWorld } from './web/dashboard/serve.ts'
import type { Health, Services } from './web/services.ts'
import { DATABASE_RETRY_MS, openDatabases } from './wiring/databases.ts'
import { openDashboard } from './wiring/dashboard.ts'
import { openCluster, openMachine } from './wiring/house.ts'
import { Leaving } from './wiring/leaving.ts'
import { openLanguages } from './wiring/languages.ts'
import { replicaName } from './wiring/replica-name.ts'
import { keepBuilding } from './wiring/keep-building.ts'
import { instanceOf } from './wiring/sandboxes.ts'
import { openVisits, type Visits } from './wiring/visits.ts'

const MIB = 1024 * 1024
/**
 * What several floods may print together, a second. Short lines on a terminal cost the kernel far more than their bytes
 * do: four `yes` take two cores whole at 10 MB/s, and the kernel's share of it is in no sandbox's account.
 */
const FLOOD_BYTES_PER_CORE = 2_000_000

/** A visitor waits so long for a sandbox. Many pods at once come up one after another where nodes are few. */
const START_MS = { machine: 30_000, pods: 120_000 }
/** A member that has not come up by then is given up. On a cluster it may wait for a node, or for its image. */
const MEMBER_START_MS = { machine: 20_000, pods: 120_000 }
/** Members started at a time: a machine has its cores for all of them, a cluster has many. */
const MEMBER_STARTS = { machine: 1, pods: 4 }

export type Wired = {
  readonly services: Services
  readonly visits: Visits
  /** Undefined where there is no database at all. */
  readonly dashboard: DashboardWorld | undefined
  listen(http: Server): { close(): void }
  /** Sends everybody to other servers, where there are any. */
  drain(): Promise<void>
  stop(): Promise<void>
}

/** Puts every part together. Throws when another server uses the data folder of this machine. */
export async function wire(config: Config, top: string): Promise<Wired> {
  const log = pinoLog(config.logLevel)
  const metrics = prometheusMetrics()
  const dataDir = resolve(top, config.dataDir)
  mkdirSync(dataDir, { recursive: true })
  const isShared = config.sandboxes === 'pods'
  const lock = isShared ? undefined : lockData(join(dataDir, 'server.lock'))
  const stores = await openStores({ ...config, dataDir }, systemClock)
  const opening = openDatabases(config, dataDir, top, log)
  const place = { top, dataDir, metrics, log }
  const [database, house] = await Promise.all([
    opening,
    isShared
      ? openCluster(config, { ...place, databases: opening })
      : openMachine(config, { ...place, stores, databases: opening }),
  ])
  const { sandboxes, roots } = house
  const records = meteredRecords(database.records, { clock: systemClock, metrics })
  metrics.set('dragoman_build_info', { version: packageFile.version }, 1)

  const leaving = new Leaving(systemClock)
  const descriptors = watchDescriptors(systemClock, openFiles)
  const refusal = (): Problem | undefined => {
    if (leaving.isGoing()) return { code: 'draining' }
    const failed = house.failed()
    if (failed.length > 0) return { code: 'refusing_sessions', failed }
    return descriptors.hasForSessions() ? undefined : { code: 'no_room' }
  }
  const replica = replicaName(config, systemRandom)
  const base = { sandboxes, records, replica, clock: systemClock, random: systemRandom, metrics, log }
  const { workshop } = database
  let languagesChanged = () => {}
  const languages = await openLanguages({ config, top, workshop, roots, metrics, log, changed: () => languagesChanged() })
  const pool = new Pool(base, {
    languages: languages.ready,
    kept: config.poolLanguages.flatMap((id) => langId(id) ?? []),
    keptEach: config.poolMembersMin,
    plainMembers: isShared ? 0 : config.plainMembers, // on a cluster each language has an image of its own
    memoryBytes: config.poolMemoryMiB * MIB,
    membersPerLanguageMax: config.poolMembersMax,
    isShared,
    startMs: MEMBER_START_MS[config.sandboxes],
    startsMax: MEMBER_STARTS[config.sandboxes],
  })
  const limits = {
    sessionsMax: config.sessionsMax,
    perAddressMax: config.sessionsPerAddress,
    startsPerMinute: config.startsPerMinutePerAddress,
    queueMax: config.queueMax,
  }
  const gate = isShared ? sharedAdmission(base, limits) : admission(systemClock, metrics, limits)
  const registry = new SessionRegistry(base)
  const graceMs = config.sessionGraceSeconds * 1000
  const share = outputShare(systemClock, FLOOD_BYTES_PER_CORE * availableParallelism())
  const world: OpenSessionWorld = {
    share,
    ...base,
    isShared,
    pool,
    admission: gate,
    registry,
    graceMs,
    startMs: START_MS[config.sandboxes],
    refusal,
  }

  const takeOver = { ...world, pool, language: (id: LangId) => languages.ready().find((language) => language.id === id) }
  if (!isShared) {
    const { adopted, swept } = await adoptSessions(takeOver)
    if (adopted + swept > 0) log.info('took over', { adopted, swept })
  }
  const keepingUp = keepUp({
    ...takeOver,
    pool: {
      adopt: (members) => pool.adopt(members),
      changed: () => languagesChanged(),
      settle: (ledger) => pool.settle(ledger),
    },
  })
  let isProven = false
  const prove = () => {
    house.prove(languages.ready, () => {
      isProven = true
      pool.start()
    })
  }
  languagesChanged = () => (isProven ? pool.changed() : prove())
  prove()
  const watch = watchDatabase(records, (up) => metrics.set('dragoman_db_up', {}, up ? 1 : 0))

  const builds = { config, top, dataDir, instance: instanceOf(dataDir), sandboxes: house.tests, roots, metrics, log }
  const builder = (isShared || isProven) && workshop ? keepBuilding(builds, workshop.url) : undefined
  const stopBusyWatch = watchBusy(base, () => registry.all())
  const versions = new Versions({ ...base, sandboxes: house.tests, refusal })
  const services: Services = {
    version: (id) => versions.known(id),
    languages: languages.all,
    find(name) {
      const found = findLanguage(languages.all(), name)
      if (found.kind === 'id' && found.listed.readiness.ready) pool.meant(found.listed.language.id)
      return found
    },
    async health() {
      const failed = house.failed()
      const checks: Health['checks'] = {
        sandbox: { ok: failed.length === 0, ...(failed.length > 0 && { detail: failed.join(', ') }) },
        database: { ok: watch.isUp() },
        draining: { ok: !leaving.isAnnounced() },
        descriptors: { ok: descriptors.hasForSessions() },
      }
      return { live: true, ready: Object.values(checks).every((check) => check.ok), checks }
    },
    metrics() {
      registry.count()
      metrics.set('dragoman_self_test_ok', {}, house.failed().length === 0 ? 1 : 0)
      metrics.set('dragoman_agent_connections', {}, registry.size() + pool.size())
      return metrics.text()
    },
  }
  const ofPages = { objects: stores.objects, languages: services.languages, trustedProxies: config.trustProxy, log }
  const dashboard = workshop && openDashboard({ workshop, ...ofPages })
  const { feed } = dashboard ?? {}
  const visits = openVisits(config, { top, workshop, feed, objects: stores.objects, languages: languages.all, log })
  return {
    services,
    visits,
    dashboard,
    listen(http) {
      const sockets = socketServer(
        http,
        {
          ...{ clock: systemClock, metrics, log },
          find: resumeSession(takeOver),
          language: languages.startable,
          version: (language) => versions.of(language),
          open: (ask) => openSession(world, ask),
          hasRoom: descriptors.hasForSockets,
        },
        { origins: config.origins, trustedProxies: config.trustProxy, sessionsPerAddress: config.sessionsPerAddress },
      )
      leaving.from(sockets)
      return sockets
    },
    drain: () => (isShared ? leaving.moveEverybody() : Promise.resolve()),
    async stop() {
      leaving.go()
      descriptors.stop()
      house.stop()
      watch.stop()
      stopBusyWatch()
      await dashboard?.close()
      await builder?.stop()
      await keepingUp.stop()
      await pool.stop()
      languages.stop()
      gate.stop()
      if (isShared) registry.releaseAll()
      else await registry.endAll('lost')
      await sandboxes.close()
      roots.close()
      stores.close()
      await database.close()
      lock?.release()
    },
  }
}

/** Asks the database now and then whether it answers, so that a health page never waits for it. */
function watchDatabase(records: Records, changed: (up: boolean) => void) {
  let up = false
  const ask = async () => {
    up = await records.ping().then(
      () => true,
      () => false,
    )
    changed(up)
  }
  void ask()
  const timer = setInterval(() => void ask(), DATABASE_RETRY_MS)
  return { isUp: () => up, stop: () => clearInterval(timer) }
}
