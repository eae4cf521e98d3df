import { apply, kubeconfigPath } from '../../../k8s/test-cluster/kubectl.ts'
import { ownDatabase } from '../../../k8s/test-cluster/own-database.ts'
import { ownNamespace } from '../../../k8s/test-cluster/own-namespace.ts'
import { testWorld } from '../../../k8s/test-cluster/world.ts'
import { type OwnServer, ownServer } from '../../own-server.ts'
import { UNLIMITED } from '../session.ts'

/** A pool is as large as the bench says, whatever memory that takes. */
const POOL_MEMORY_MIB = '16384'
/** Each look makes the server tell all its metrics. */
const LOOK_MS = 100
const READY_MS_MAX = 60_000

export type BenchCluster = {
  readonly namespace: string
  /** A server as one of many: its own process and data folder, the database and the pods of all. */
  replica(env?: Readonly<Record<string, string>>): Promise<OwnServer>
  /** Ends the servers, the pods and the database, and says on stderr what the servers warned of. */
  close(): Promise<void>
}

/** A namespace on the tests' cluster, closed both ways, and a copy of the tests' database, where python is deployed. */
export async function benchCluster(): Promise<BenchCluster> {
  const world = testWorld()
  const namespace = await ownNamespace('bench')
  const { name } = namespace
  await apply({
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'closed', namespace: name } },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  })
  const database = await ownDatabase()
  const servers: OwnServer[] = []
  return {
    namespace: name,
    async replica(env = {}) {
      const replica = `bench-replica-${servers.length + 1}`
      const server = await ownServer(replica, {
        ...UNLIMITED,
        ...{ DRAGOMAN_SANDBOXES: 'pods', DRAGOMAN_REPLICA: replica, DRAGOMAN_KUBECONFIG: kubeconfigPath() },
        ...{ DRAGOMAN_SESSIONS_NAMESPACE: name, DRAGOMAN_AGENT_CACHE: world.agentCache },
        ...{ DATABASE_URL: database.url, DRAGOMAN_REGISTRY_URL: world.registryUrl },
        ...{ DRAGOMAN_POOL_LANGUAGES: 'python', DRAGOMAN_PLAIN_MEMBERS: '0', DRAGOMAN_POOL_MEMORY_MIB: POOL_MEMORY_MIB },
        ...env,
      })
      servers.push(server)
      await until(server.url, (figure) => figure('dragoman_languages_deployed') > 0)
      await serves(server.url)
      return server
    },
    async close() {
      await using _ = database // it goes whatever becomes of the rest
      await Promise.all(servers.map((server) => server.stop()))
      for (const server of servers) process.stderr.write(server.log())
      await namespace.end()
    },
  }
}

export type Figure = (name: string) => number

/** Until it is ready, which it is not before it has tried a sandbox. */
async function serves(url: string): Promise<void> {
  const end = performance.now() + READY_MS_MAX
  for (;;) {
    const answer = await fetch(`${url}/readyz`)
    if (answer.ok) return
    if (performance.now() > end) throw new Error(`Cannot measure: ${url} says ${await answer.text()}`)
    await new Promise((done) => setTimeout(done, LOOK_MS))
  }
}

/** So many members of python's pool, whatever the demand. */
export const poolOf = (members: number) => ({
  DRAGOMAN_POOL_MEMBERS_MIN: `${members}`,
  DRAGOMAN_POOL_MEMBERS_MAX: `${members}`,
})

/** What the metrics say: the sum of all lines that begin so. */
export async function figures(url: string): Promise<Figure> {
  const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n')
  return (name) => lines.filter((line) => line.startsWith(name)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}

/** Until the metrics of a server say so. */
export async function until(url: string, isSo: (figure: Figure) => boolean, msMax = READY_MS_MAX): Promise<void> {
  const end = performance.now() + msMax
  while (!isSo(await figures(url))) {
    if (performance.now() > end) throw new Error(`Cannot measure: ${url} is not ready in ${msMax} ms`)
    await new Promise((done) => setTimeout(done, LOOK_MS))
  }
}

/** Members of python's pool that wait for visitors. */
export const READY_MEMBERS = 'dragoman_pool_members{kind="python",state="ready"}'
/** Calls that change something in the cluster. */
export const WRITES = 'dragoman_k8s_writes_total'
