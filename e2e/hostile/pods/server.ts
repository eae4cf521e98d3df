/**
 * A server whose sessions are pods, for programs that are up to no good: sockets, sessions and pods as they are, and neither
 * database nor builds, so that any shell can be a language. `stage.ts` starts it and says by its environment where.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'

import { kubernetesApi } from '#lib/adapters/kubernetes/api.ts'
import { apiServerAddresses, openCluster } from '#lib/adapters/kubernetes/cluster.ts'
import { podSandboxes } from '#lib/adapters/kubernetes/sandboxes.ts'
import { loadLanguages } from '#lib/adapters/lang-files/load-languages.ts'
import { memoryRecords } from '#lib/adapters/memory/records.ts'
import { pinoLog } from '#lib/adapters/pino/log.ts'
import { prometheusMetrics } from '#lib/adapters/prometheus/metrics.ts'
import { systemClock, systemRandom } from '#lib/adapters/system/time.ts'
import { admission } from '#lib/application/admission/admission.ts'
import { openSession } from '#lib/application/sessions/open-session.ts'
import { outputShare } from '#lib/application/sessions/output-share.ts'
import { SessionRegistry } from '#lib/application/sessions/registry.ts'
import { digest } from '#lib/domain/digest.ts'
import { langId, type LangId } from '#lib/domain/ids.ts'
import { err, ok } from '#lib/domain/result.ts'
import { socketServer } from '#lib/socket/socket-server.ts'

import { TOP } from '../../../cli/setup/stamps.ts'
import { kubeconfigPath } from '../../../k8s/test-cluster/kubectl.ts'
import { REGISTRY } from '../../../k8s/test-cluster/places.ts'
import { testWorld } from '../../../k8s/test-cluster/world.ts'

/** The attackers are many visitors from one address, who are not waited for when they are cut off. */
const LIMITS = { sessionsMax: 40, perAddressMax: 1000, startsPerMinute: 6000, queueMax: 100 }
const GRACE_MS = 3000
const START_MS = 60_000
const FLOOD_BYTES_PER_CORE = 2_000_000

const { DRAGOMAN_SESSIONS_NAMESPACE: namespace = '' } = process.env
const log = pinoLog('debug') // one row asks whether words of attackers get into it
const metrics = prometheusMetrics()
const tools = { clock: systemClock, random: systemRandom, metrics, log }
const cluster = await openCluster(kubeconfigPath())
const { agentCache, agentVersion: agent, images } = testWorld()
const sandboxes = await podSandboxes({
  ...{ ...tools, api: kubernetesApi(cluster, tools), sandboxesMax: LIMITS.sessionsMax },
  canary: await apiServerAddresses(cluster),
  house: { namespace, registry: REGISTRY, agent: { nodeFolder: agentCache } },
  facts: { userNamespaces: false, priorityClasses: false },
})

const image = digest(images.python)
if (!image.ok) throw new Error(`"${images.python}" is no digest`)
/** Shells are all they need of that image. */
const foundation = { lang: langId('python') as LangId, image: image.value, agent }
const { languages } = loadLanguages([join(TOP, 'langs'), join(import.meta.dirname, '../langs')])

const records = memoryRecords(() => systemClock.now())
const registry = new SessionRegistry({ ...tools, records })
const world = {
  ...{ ...tools, sandboxes, records, registry, replica: 'hostile', isShared: false, graceMs: GRACE_MS, startMs: START_MS },
  pool: { take: async () => undefined },
  admission: admission(systemClock, metrics, LIMITS),
  share: outputShare(systemClock, FLOOD_BYTES_PER_CORE * availableParallelism()),
  refusal: () => undefined,
}
const http = createServer((_, response) => void metrics.text().then((text) => response.end(text)))
const sockets = socketServer(
  http,
  {
    ...tools,
    hasRoom: () => true,
    find: async () => err({ code: 'no_session' }),
    language(id) {
      const language = languages.find((one) => one.id === id)
      return language ? ok({ ...language, foundation }) : err({ code: 'unknown_lang', lang: id })
    },
    version: async () => err({ code: 'no_session' }),
    open: (ask) => openSession(world, ask),
  },
  { origins: [], trustedProxies: 0, sessionsPerAddress: LIMITS.perAddressMax },
)
process.once('SIGTERM', () => {
  sockets.close()
  void registry
    .endAll('lost')
    .then(() => sandboxes.close())
    .finally(() => process.exit())
})
http.listen(0, '127.0.0.1', () => {
  process.stdout.write(`Dragoman is at http://127.0.0.1:${(http.address() as AddressInfo).port}\n`)
})
