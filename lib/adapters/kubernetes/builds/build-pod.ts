import { setTimeout as sleep } from 'node:timers/promises'

import { type CoreV1Api, ApiException, type V1Pod } from '@kubernetes/client-node'

import type { RecipeFailed } from '#lib/application/ports/recipes.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { RunnerOperation } from '#lib/protocol/runner.ts'
import { RUNNER_PING_MS } from '#lib/protocol/runner-words.ts'

import { type PodFate, podFate } from './pod-fate.ts'
import { RunnerLink } from './runner-link.ts'

/** The part of the cluster's API used for builds; the role grants exactly these. */
export type BuildPodsApi = Pick<
  CoreV1Api,
  'createNamespacedPod' | 'readNamespacedPod' | 'deleteNamespacedPod' | 'listNamespacedPod'
>

/** A pod is looked at this often until it runs, and after a connection to it broke. Builds are few. */
const LOOK_MS = 500
/** Pulling a base, or a node that has to come first. */
const START_MS_MAX = 5 * 60_000
/** An image that cannot be pulled at all is tried again by its kubelet for ever. */
const PULL_MS_MAX = 60_000
const CANNOT_PULL = /^(ErrImagePull|ImagePullBackOff)/
/** After its connections broke, the cluster tells within this why; or the pod answers again, or is taken for lost. */
const FATE_MS_MAX = 20_000

type Infra = Extract<RecipeFailed, { code: 'infra' }>
export const infra = (why: string): Result<never, Infra> => err({ code: 'infra', why })

export type BuildPodSetting = {
  readonly api: BuildPodsApi
  readonly spec: V1Pod
  readonly namespace: string
  readonly key: string
  log(text: string): void | Promise<void>
}

/** A pod whose runner answers. It is held until it is removed: a runner that nobody holds ends by itself. */
export class BuildPod {
  readonly #setting: BuildPodSetting
  readonly #name: string
  readonly #over = new AbortController()
  #ip = ''

  private constructor(setting: BuildPodSetting) {
    this.#setting = setting
    this.#name = setting.spec.metadata?.name ?? ''
  }

  static async start(setting: BuildPodSetting, signal: AbortSignal): Promise<Result<BuildPod, RecipeFailed>> {
    const pod = new BuildPod(setting)
    try {
      const started = (await pod.#create()) ?? (await pod.#answers(signal))
      if (started) {
        await pod.remove()
        return started
      }
      void pod.#hold()
      return ok(pod)
    } catch (error) {
      await pod.remove().catch(() => undefined) // the sweep takes it; what went wrong first is told
      throw error
    }
  }

  /** A connection for one operation. Rejects where {@link fate} tells more. */
  open(operation: RunnerOperation): Promise<RunnerLink> {
    return RunnerLink.open(this.#ip, this.#setting.key, operation)
  }

  /** Why what was asked of it broke off: what the cluster says, when it says anything soon; undefined when it is well again. */
  async fate(signal: AbortSignal): Promise<Result<never, Infra> | undefined> {
    const until = performance.now() + FATE_MS_MAX
    for (;;) {
      signal.throwIfAborted()
      const fate = await this.#look().catch(() => undefined) // the API server is away: the pod need not be
      if (fate?.state === 'over') return infra(`Pod ${this.#name}: ${fate.why}`)
      if (fate && (await this.#isWell())) return undefined
      if (performance.now() > until) return infra(`Pod ${this.#name} does not answer`)
      await sleep(LOOK_MS)
    }
  }

  /** May be repeated. */
  async remove(): Promise<void> {
    this.#over.abort()
    const { api, namespace } = this.#setting
    try {
      await api.deleteNamespacedPod({ namespace, name: this.#name, gracePeriodSeconds: 0 })
    } catch (error) {
      if (!hasStatus(error, 404)) throw error
    }
  }

  async #create(): Promise<Result<never, Infra> | undefined> {
    const { api, namespace, spec } = this.#setting
    try {
      await api.createNamespacedPod({ namespace, body: spec })
      return undefined
    } catch (error) {
      // A first answer may have been lost; the key tells ours from anybody else's.
      if (hasStatus(error, 409)) return (await this.#isOurs()) ? undefined : infra(`There is a pod ${this.#name} already`)
      if (hasStatus(error, 403)) return infra(`Pod ${this.#name} is refused: ${wordsOf(error)}`)
      throw error
    }
  }

  async #isOurs(): Promise<boolean> {
    const { api, namespace, spec } = this.#setting
    const there = await api.readNamespacedPod({ namespace, name: this.#name })
    const envOf = (pod: V1Pod) => JSON.stringify(pod.spec?.containers[0]?.env)
    return envOf(there) === envOf(spec)
  }

  /** Until the runner answers; what the pod waits for is told once. */
  async #answers(signal: AbortSignal): Promise<Result<never, Infra> | undefined> {
    const begin = performance.now()
    let told = ''
    for (;;) {
      signal.throwIfAborted()
      const fate = await this.#look()
      if (fate.state === 'over') return infra(`Pod ${this.#name}: ${fate.why}`)
      if (fate.state === 'running') {
        this.#ip = fate.ip
        if (await this.#isWell()) return undefined
      }
      const ms = performance.now() - begin
      const why = fate.state === 'waiting' ? fate.why : 'its runner does not answer'
      const isHopeless = fate.state === 'waiting' && (fate.isHopeless || (CANNOT_PULL.test(why) && ms > PULL_MS_MAX))
      if (isHopeless || ms > START_MS_MAX) return infra(`Pod ${this.#name} cannot start: ${why}`)
      if (fate.state === 'waiting' && why !== told) await this.#setting.log(`Waiting: ${why}\n`)
      told = why
      await sleep(LOOK_MS)
    }
  }

  async #isWell(): Promise<boolean> {
    try {
      using link = await this.open({ type: 'hold' })
      link.silenceMs = 2 * RUNNER_PING_MS
      link.ping()
      return (await link.next()) !== undefined
    } catch {
      return false
    }
  }

  async #look(): Promise<PodFate> {
    const { api, namespace } = this.#setting
    try {
      return podFate(await api.readNamespacedPod({ namespace, name: this.#name }))
    } catch (error) {
      if (hasStatus(error, 404)) return podFate(undefined)
      throw error
    }
  }

  /** Again and again, until it is removed: whoever asks something of it finds out if it is gone. */
  async #hold(): Promise<void> {
    while (!this.#over.signal.aborted) {
      try {
        using link = await this.open({ type: 'hold' })
        const pings = setInterval(() => link.ping(), RUNNER_PING_MS)
        const stop = () => link[Symbol.dispose]()
        this.#over.signal.addEventListener('abort', stop, { once: true })
        try {
          link.ping()
          while (await link.next());
        } finally {
          clearInterval(pings)
          this.#over.signal.removeEventListener('abort', stop)
        }
      } catch {
        // it is dialled again below
      }
      await sleep(LOOK_MS)
    }
  }
}

export const hasStatus = (error: unknown, status: number): boolean => error instanceof ApiException && error.code === status

/** What the API server says of a refusal: a quota, or a rule about pods. */
function wordsOf(error: unknown): string {
  const { body } = error as ApiException<unknown>
  try {
    return String((JSON.parse(String(body)) as { message?: unknown }).message)
  } catch {
    return 'it does not say why'
  }
}
