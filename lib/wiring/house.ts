import type { ImageRoots } from '../application/ports/image-roots.ts'
import type { Log } from '../application/ports/log.ts'
import type { Metrics } from '../application/ports/metrics.ts'
import type { Sandboxes } from '../application/ports/sandboxes.ts'
import { systemClock, systemRandom } from '../adapters/system/time.ts'
import { proveSandbox } from '../application/sandbox-test/prove-sandbox.ts'
import type { Config } from '../config/options.ts'
import type { Language } from '../domain/language.ts'
import type { Stores } from '../stores.ts'
import type { Databases } from './databases.ts'
import { openImageRoots } from './image-roots.ts'
import { openPods } from './pods.ts'
import { openSandboxes } from './sandboxes.ts'

/** What failed is tried again after this: a policy may be on its way, or a node. */
const PROVE_AGAIN_MS = 10_000
/** What stands in the way until the first trial is over. */
const UNTRIED = 'self_test'
/** The cluster has not said a word yet. */
const AWAY = 'cluster'

/** Where sandboxes are, and whether they hold what they promise. */
export type House = {
  /** For visitors. */
  readonly sandboxes: Sandboxes
  /** For what this server asks for itself. */
  readonly tests: Sandboxes
  readonly roots: ImageRoots & { close(): void }
  /** What got its way in the self-test, or that it was not tried yet; then no session may be opened. */
  failed(): readonly string[]
  /** Tries what has not been tried. `proven` is called once, when nothing fails. */
  prove(languages: () => readonly Language[], proven: () => void): void
  stop(): void
}

type World = { readonly top: string; readonly dataDir: string; readonly metrics: Metrics; readonly log: Log }

/** This machine, which has tested itself. */
export async function openMachine(
  config: Config,
  world: World & { readonly stores: Stores; readonly databases: Promise<Databases> },
): Promise<House> {
  const { top, dataDir, log, stores, databases } = world
  const roots = await openImageRoots(stores, databases, { top, dataDir, log })
  const { sandboxes, failed } = await openSandboxes(config, top, dataDir, roots, log)
  let isTold = false
  return {
    ...{ sandboxes, roots, tests: sandboxes, failed: () => failed },
    prove(_, proven) {
      if (!isTold && failed.length === 0) proven()
      isTold = true
    },
    stop() {},
  }
}

/** A cluster. Without a language there is nothing to try it with, and no session to refuse. */
export async function openCluster(config: Config, world: World & { readonly databases: Promise<Databases> }): Promise<House> {
  const { metrics, log } = world
  const { sandboxes, tests, roots, userNamespaces, isAnswered } = await openPods(config, world)
  const stopped = new AbortController()
  let state: 'untried' | 'trying' | 'waiting' | 'proven' = 'untried'
  let failed: readonly string[] = []

  async function prove(languages: () => readonly Language[], proven: () => void): Promise<void> {
    const [language] = languages()
    if (!language || state !== 'untried' || stopped.signal.aborted) return
    state = 'trying'
    if (failed.length === 0) failed = [UNTRIED]
    const trial = { sandboxes: tests, clock: systemClock, random: systemRandom, metrics }
    const tried = await proveSandbox(trial, language, await userNamespaces, stopped.signal)
    const bad = tried.filter((test) => !test.ok)
    for (const { name, detail } of bad) log.error('self-test failed', { error: name, detail })
    failed = bad.map(({ name }) => name)
    state = failed.length === 0 ? 'proven' : 'waiting'
    if (state === 'proven') return proven()
    systemClock.after(PROVE_AGAIN_MS, () => {
      state = 'untried'
      void prove(languages, proven)
    })
  }
  return {
    ...{ sandboxes, tests, roots, failed: () => (isAnswered() ? failed : [AWAY]) },
    prove: (languages, proven) => void prove(languages, proven),
    stop: () => stopped.abort(new Error('The server is going')),
  }
}
