import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'

import { probeHost } from './adapters/oci-runtime/host.ts'
import packageFile from '../package.json' with { type: 'json' }
import { ociSandboxes } from './adapters/oci-runtime/sandboxes.ts'
import { selfTest } from './adapters/oci-runtime/self-test.ts'
import { loadLanguages } from './adapters/lang-files/load-languages.ts'
import { pinoLog } from './adapters/pino/log.ts'
import { lockData } from './adapters/postgres/data-lock.ts'
import { startEmbedded } from './adapters/postgres/embedded.ts'
import { migrate } from './adapters/postgres/migrate.ts'
import { WEB_ROLE } from './adapters/postgres/roles.ts'
import { prismaRecords } from './adapters/prisma/records.ts'
import { prometheusMetrics } from './adapters/prometheus/metrics.ts'
import { commandsInSandbox } from './adapters/system/has-command.ts'
import { systemClock, systemRandom } from './adapters/system/time.ts'
import { admission } from './application/admission/admission.ts'
import { findLanguage } from './application/languages/find-language.ts'
import { readiness } from './application/languages/readiness.ts'
import { withToolsHere } from './application/languages/tools-here.ts'
import { Versions } from './application/languages/versions.ts'
import { Pool } from './application/pool/pool.ts'
import { absentRecords } from './application/ports/absent-records.ts'
import { absentSandboxes } from './application/ports/absent-sandboxes.ts'
import { errorText, type Log } from './application/ports/log.ts'
import { meteredRecords } from './application/ports/metered-records.ts'
import type { Records } from './application/ports/records.ts'
import type { Sandboxes } from './application/ports/sandboxes.ts'
import { adoptSessions } from './application/sessions/adopt-sessions.ts'
import { watchBusy } from './application/sessions/busy-watch.ts'
import { openSession, type OpenSessionWorld } from './application/sessions/open-session.ts'
import { outputShare } from './application/sessions/output-share.ts'
import { SessionRegistry } from './application/sessions/registry.ts'
import type { Config } from './config/options.ts'
import { langId } from './domain/ids.ts'
import type { Language } from './domain/language.ts'
import type { Problem } from './domain/problem.ts'
import { err, ok, type Result } from './domain/result.ts'
import { keepBuilding } from './wiring/keep-building.ts'
import { socketServer } from './socket/socket-server.ts'
import type { Health, Services } from './web/services.ts'

const MIB = 1024 * 1024
/** A call to the database rejects after this; nothing a visitor waits for takes longer because of it. */
const DATABASE_MS_MAX = 2000
/** Sandboxes beside the sessions: waiting members, and those being taken away. */
const SPARE_SANDBOXES = 64
/**
 * What several floods may print together, a second. Short lines on a terminal cost the kernel far more than their bytes
 * do: four `yes` take two cores whole at 10 MB/s, and the kernel's share of it is in no sandbox's account.
 */
const FLOOD_BYTES_PER_CORE = 2_000_000
const DATABASE_RETRY_MS = 5000
/** Commands that appear later (somebody installed a package) are seen after this. */
const READINESS_MS = 5000

export type Wired = {
  readonly services: Services
  listen(http: Server): { close(): void }
  stop(): Promise<void>
}

/** Puts every part together, for one machine. Throws when another server uses the data folder. */
export async function wire(config: Config, top: string): Promise<Wired> {
  const log = pinoLog(config.logLevel)
  const metrics = prometheusMetrics()
  const dataDir = resolve(top, config.dataDir)
  mkdirSync(dataDir, { recursive: true })
  const lock = lockData(join(dataDir, 'server.lock'))
  const languages = listLanguages(config, top, log)
  const [database, { sandboxes, failed }] = await Promise.all([
    openDatabase(config, dataDir, top, log),
    openSandboxes(config, top, dataDir, log),
  ])
  const records = meteredRecords(database.records, { clock: systemClock, metrics })
  metrics.set('dragoman_build_info', { version: packageFile.version }, 1)
  metrics.set('dragoman_self_test_ok', {}, failed.length === 0 ? 1 : 0)

  let draining = false
  const refusal = (): Problem | undefined => {
    if (draining) return { code: 'draining' }
    return failed.length > 0 ? { code: 'refusing_sessions', failed } : undefined
  }
  const base = { sandboxes, records, clock: systemClock, random: systemRandom, metrics, log }
  const ready = languages.ready()
  const pool = new Pool(base, {
    languages: languages.ready,
    kept: config.poolLanguages.flatMap((id) => langId(id) ?? []),
    plainMembers: config.plainMembers,
    memoryBytes: config.poolMemoryMiB * MIB,
    membersPerLanguageMax: config.poolMembersMax,
  })
  const gate = admission(systemClock, metrics, {
    sessionsMax: config.sessionsMax,
    perAddressMax: config.sessionsPerAddress,
    startsPerMinute: config.startsPerMinutePerAddress,
    queueMax: config.queueMax,
  })
  const registry = new SessionRegistry(base)
  const graceMs = config.sessionGraceSeconds * 1000
  const share = outputShare(systemClock, FLOOD_BYTES_PER_CORE * availableParallelism())
  const world: OpenSessionWorld = {
    share,
    ...base,
    pool,
    admission: gate,
    registry,
    graceMs,
    refusal,
  }

  const { adopted, swept } = await adoptSessions(world, new Map(ready.map((language) => [language.id, language])))
  if (adopted + swept > 0) log.info('took over', { adopted, swept })
  if (failed.length === 0) pool.start()
  const watch = watchDatabase(records, (up) => metrics.set('dragoman_db_up', {}, up ? 1 : 0))

  const builds = { config, top, dataDir, instance: instanceOf(dataDir), sandboxes, metrics, log }
  const builder = failed.length === 0 && database.url ? keepBuilding(builds, database.url) : undefined
  const stopBusyWatch = watchBusy(base, () => registry.all())
  const versions = new Versions({ ...base, refusal })
  const services: Services = {
    version: (id) => versions.known(id),
    languages: languages.all,
    find(name) {
      const found = findLanguage(languages.all(), name)
      if (found.kind === 'id' && found.listed.readiness.ready) pool.meant(found.listed.language.id)
      return found
    },
    async health() {
      const checks: Health['checks'] = {
        sandbox: { ok: failed.length === 0, ...(failed.length > 0 && { detail: failed.join(', ') }) },
        database: { ok: watch.isUp() },
        draining: { ok: !draining },
      }
      return { live: true, ready: Object.values(checks).every((check) => check.ok), checks }
    },
    metrics() {
      registry.count()
      metrics.set('dragoman_agent_connections', {}, registry.size() + pool.size())
      return metrics.text()
    },
  }
  return {
    services,
    listen: (http) =>
      socketServer(
        http,
        {
          ...{ registry, clock: systemClock, metrics, log },
          language: languages.startable,
          version: (language) => versions.of(language),
          open: (ask) => openSession(world, ask),
        },
        { origins: config.origins, trustedProxies: config.trustProxy, sessionsPerAddress: config.sessionsPerAddress },
      ),
    async stop() {
      draining = true
      watch.stop()
      stopBusyWatch()
      await builder?.stop()
      await pool.stop()
      await registry.endAll('lost')
      await sandboxes.close()
      await database.close()
      lock.release()
    },
  }
}

function listLanguages(config: Config, top: string, log: Log) {
  const loaded = loadLanguages([join(top, 'langs'), ...(config.configs ? [resolve(config.configs)] : [])])
  for (const { severity, file, line, column, message } of loaded.problems) {
    log.warn(severity === 'error' ? 'language refused' : 'language', { file, line, column, message })
  }
  const languages = loaded.languages.map((language) => withTimes(language, config))
  const hasCommand = commandsInSandbox(top)
  const look = () =>
    languages.map((language) => ({
      language: withToolsHere(language, hasCommand),
      readiness: readiness(language, hasCommand),
    }))
  let listed = look()
  let lookedAt = systemClock.now()
  const all = () => {
    if (systemClock.now() - lookedAt > READINESS_MS) {
      listed = look()
      lookedAt = systemClock.now()
    }
    return listed
  }
  return {
    all,
    ready: (): Language[] => all().flatMap(({ language, readiness: state }) => (state.ready ? [language] : [])),
    startable(id: string): Result<Language, Problem> {
      const found = findLanguage(all(), id)
      if (found.kind !== 'id') return err({ code: 'unknown_lang', lang: id, ...(found.kind === 'none' && { near: found.near }) })
      const { language, readiness: state } = found.listed
      return state.ready ? ok(language) : err({ code: 'not_ready', lang: id, missing: state.missing, packages: state.packages })
    },
  }
}

/** An operator's times go before a language's own. */
function withTimes(language: Language, { idleSeconds, lifeSeconds }: Config): Language {
  const times = { ...(idleSeconds && { idleMs: idleSeconds * 1000 }), ...(lifeSeconds && { lifeMs: lifeSeconds * 1000 }) }
  return { ...language, limits: { ...language.limits, ...times } }
}

async function openSandboxes(
  config: Config,
  top: string,
  dataDir: string,
  log: Log,
): Promise<{ sandboxes: Sandboxes; failed: string[] }> {
  const { runtime, runtimePath, uidBase, totalMemoryMiB } = config
  const problems = await probeHost(runtime, runtimePath)
  if (problems.length > 0) {
    for (const { what, fix } of problems) log.error('no sandboxes', { error: what, fix })
    return { sandboxes: absentSandboxes, failed: problems.map(({ what }) => what) }
  }
  const sandboxes = await ociSandboxes({
    ...{ runtime, uidBase, ...(runtimePath && { runtimePath }) },
    stateDir: join(dataDir, 'sandboxes'),
    agentPath: join(top, '.dragoman', 'agent', 'dragoman-agent'),
    toolsPath: join(top, '.dragoman', 'tools'),
    // The same at every start with this data, so that sandboxes taken over stay within the one limit of all.
    instance: instanceOf(dataDir),
    sandboxesMax: config.sessionsMax + SPARE_SANDBOXES,
    totalMemoryBytes: totalMemoryMiB * MIB,
  })
  const tested = await selfTest(sandboxes, runtime)
  const failed = tested.filter((test) => !test.ok)
  for (const { name, detail } of failed) log.error('self-test failed', { error: name, detail })
  return { sandboxes, failed: failed.map(({ name }) => name) }
}

const instanceOf = (dataDir: string) => createHash('sha256').update(dataDir).digest('hex').slice(0, 8)

async function openDatabase(
  config: Config,
  dataDir: string,
  top: string,
  log: Log,
): Promise<{ records: Records; url?: string; close(): Promise<void> }> {
  const folder = join(top, 'prisma', 'migrations')
  const timeoutMs = DATABASE_MS_MAX
  try {
    if (config.databaseUrl) {
      const records = prismaRecords({ url: config.databaseUrl, timeoutMs })
      const webRole = new URL(config.databaseUrl).username
      const url = config.databaseMigrateUrl
      const migrating = url ? await keepTrying(() => migrate({ url, folder, webRole }), log) : undefined
      return {
        records,
        url: config.databaseUrl,
        async close() {
          migrating?.stop()
          await records.close()
        },
      }
    }
    const embedded = await startEmbedded({
      dataDir: join(dataDir, 'postgres'),
      runDir: join(dataDir, 'run'),
      onLost: (why) => log.warn('database lost', { why }),
    })
    await migrate({ url: embedded.migrateUrl, folder, webRole: WEB_ROLE })
    const records = prismaRecords({ url: embedded.url, timeoutMs })
    return {
      records,
      url: embedded.url,
      async close() {
        await records.close()
        await embedded.stop()
      },
    }
  } catch (error) {
    log.error('no database', { error: errorText(error) })
    return { records: absentRecords(errorText(error)), close: async () => {} }
  }
}

/** Once now; when that fails, again and again beside everything else until it has worked. */
async function keepTrying(work: () => Promise<unknown>, log: Log): Promise<{ stop(): void }> {
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const attempt = async () => {
    try {
      await work()
    } catch (error) {
      log.warn('database not migrated', { error: errorText(error) })
      if (!stopped) timer = setTimeout(() => void attempt(), DATABASE_RETRY_MS)
    }
  }
  await attempt()
  return {
    stop() {
      stopped = true
      clearTimeout(timer)
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
