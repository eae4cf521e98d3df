import { openWorld, WORLD_ENV } from '../../../k8s/test-cluster/world.ts'
import { someCluster } from '../../testing/cluster.ts'

const say = (line: string) => void process.stderr.write(`${line}\n`)

/**
 * A bench with the tests' cluster and what is deployed there: those that the environment names, else ones of its own, which
 * end with it.
 */
export const onTestCluster =
  <T>(bench: () => Promise<T>) =>
  async (): Promise<T> => {
    if (process.env.KUBECONFIG && process.env[WORLD_ENV]) return bench()
    const told = new AbortController()
    const cluster = await someCluster(say)
    let ending: Promise<unknown> | undefined
    let world: Awaited<ReturnType<typeof openWorld>> | undefined
    const end = () => (ending ??= (world?.stop() ?? Promise.resolve()).finally(() => cluster.stop()))
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        told.abort()
        void end().finally(() => process.exit(1))
      })
    }
    try {
      process.env.KUBECONFIG = cluster.kubeconfig
      world = await openWorld(told.signal)
      process.env[WORLD_ENV] = world.path
      return await bench()
    } finally {
      await end()
    }
  }
