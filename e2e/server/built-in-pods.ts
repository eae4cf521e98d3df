import { checkConfig } from '#lib/adapters/lang-files/check-config.ts'
import { podBuilds } from '#lib/adapters/kubernetes/builds/pod-builds.contract.ts'
import { memoryLog } from '#lib/adapters/memory/log.ts'
import { memoryObjectStore } from '#lib/adapters/memory/object-store.ts'
import { pgAnnouncements } from '#lib/adapters/pg/announcements.ts'
import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { pgBuildLogs } from '#lib/adapters/pg/build-logs.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { pgDeployments } from '#lib/adapters/pg/deployments.ts'
import { workshopDatabase } from '#lib/adapters/pg/world.contract.ts'
import { systemClock, systemRandom } from '#lib/adapters/system/time.ts'
import { logAnnouncer } from '#lib/application/builds/announce-logs.ts'
import { finaliseLogs } from '#lib/application/builds/finalise-logs.ts'
import type { LogEvent } from '#lib/application/builds/log-events.ts'
import { LogFeed } from '#lib/application/builds/log-feed.ts'
import { requestBuild } from '#lib/application/builds/request-build.ts'
import type { StepRunner } from '#lib/application/builds/run-attempt.ts'
import { runBuilder } from '#lib/application/builds/run-builder.ts'
import { stepRunner } from '#lib/application/builds/steps/run-step.ts'
import type { Images } from '#lib/application/ports/images.ts'
import type { BuildLogs } from '#lib/application/ports/build-logs.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import { AGENT, newLang, well } from '#lib/application/testing/builds.ts'
import { PRIORITIES, type Step } from '#lib/domain/build.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import { toLanguage } from '#lib/domain/lang-to-language.ts'
import { LOG_START } from '#lib/domain/log-cursor.ts'
import { err, ok } from '#lib/domain/result.ts'

const LIMITS = { cpus: 1, memoryBytes: 256 * 1024 ** 2, processes: 256 }

/**
 * A builder in this process whose packages are made in pods, and images where that is said: queue, records, logs and steps are
 * the server's own. What comes after goes well by itself.
 */
export async function builtInPods({ inPods = ['package'] }: { inPods?: readonly Step[] } = {}) {
  const [pods, workshop] = await Promise.all([podBuilds(), workshopDatabase()])
  const { database } = workshop
  const [queue, logs, artifacts] = [pgBuildQueue(database), pgBuildLogs(database), pgArtifacts(database)]
  const { digest, facts } = pods.base
  const { distribution, release } = facts
  await artifacts.record({ kind: 'base', digest, size: 1, inputs: [], facts: { distribution, release } })
  const log = memoryLog()
  const objects = memoryObjectStore()
  const announcements = pgAnnouncements(database, { url: workshop.url, clock: systemClock, log })
  /** Held by a test at what a step pushes. */
  const push = { holds: async () => undefined as void }
  const images: Images = {
    ...pods.images,
    async putManifest(repository, bytes) {
      await push.holds()
      return pods.images.putManifest(repository, bytes)
    },
  }
  const steps = stepRunner({
    ...{ artifacts, configs: pgDeployments(database), objects, images, ...pods.parts },
    ...{ workplaces: pods.workplaces, limits: LIMITS, checkImage: () => Promise.reject(new Error('nothing is tested here')) },
    parse(lang, text) {
      const { config, problems } = checkConfig(`${lang}.yaml`, text)
      return config ? ok({ config, language: toLanguage(config) }) : err(JSON.stringify(problems))
    },
  })
  const run: StepRunner = async (leased, tools) => (inPods.includes(leased.step) ? steps(leased, tools) : well(leased))
  const kept = logAnnouncer(announcements, systemClock)
  const builder = await runBuilder(
    { queue, logs, announcements, clock: systemClock, log, kept, run, isStored: async () => true },
    'here',
    2,
  )
  let reads = 0
  const counted: Pick<BuildLogs, 'read'> = { read: (places) => (reads++, logs.read(places)) }
  const feed = new LogFeed({ logs: counted, objects, announcements, clock: systemClock, log })

  return {
    ...{ pods, queue, objects, push, query: workshop.query },
    /** Statements that followers of logs have cost. */
    reads: () => reads,
    async ask(recipe: string, lang = newLang(), inImage = 'true'): Promise<BuildId> {
      const manual = [...recipe.split('\n'), 'mkdir -p "$pkg/usr/share/made"'].map((line) => `    ${line}\n`).join('')
      const skip = '[repl, runrepl, scope, format, lsp]'
      const configText = `id: ${lang}\nname: ${lang}\nmain: main.txt\ntemplate: hello\nrun: cat main.txt\nskip: ${skip}\ninstall:\n  manual: |\n${manual}  manualInstall: ${JSON.stringify(inImage)}\n`
      const asked = await requestBuild(
        { queue, artifacts, random: systemRandom },
        { lang, configText, from: 'package', agent: AGENT, by: 'test', priority: PRIORITIES.person },
      )
      if (!asked.ok) throw new Error(JSON.stringify(asked.error))
      return asked.value.build
    },
    /** Somebody who reads a log to its end. */
    follow(build: BuildId) {
      const events: LogEvent[] = []
      const read = async () => {
        for await (const event of feed.follow(build, LOG_START, new AbortController().signal)) events.push(event)
      }
      return { events, said: () => saidIn(events), end: read() }
    },
    skipPauses: () => workshop.query(`UPDATE build_step SET ready_at = now() WHERE state = 'ready'`),
    finalise: (to: Pick<ObjectStore, 'put' | 'head'> = objects) => finaliseLogs({ logs, objects: to, log }),
    /** What must be nothing when all has ended, and its logs are finalised. */
    async left() {
      return {
        ...{ atWork: await queue.live(), pods: await pods.pods(), files: pods.files(), places: feed.waiting() },
        chunks: await workshop.query('SELECT FROM log_chunk'),
      }
    },
    async close() {
      await builder.stop()
      feed.close()
      await announcements.close()
      await Promise.all([pods.close(), workshop.end()])
    },
  }
}

/** Text and cuts, in words. */
export const saidIn = (events: readonly LogEvent[]): string =>
  events
    .map((event) =>
      event.kind === 'text' ? Buffer.from(event.bytes).toString() : event.kind === 'cut' ? `<${event.bytes}>` : '',
    )
    .join('')
