import { setTimeout as sleep } from 'node:timers/promises'

import type { V1Pod } from '@kubernetes/client-node'

import type { RecipeFailed } from '#lib/application/ports/recipes.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { RunnerOperation } from '#lib/protocol/runner.ts'
import { RUNNER_PING_MS } from '#lib/protocol/runner-words.ts'

import { ApiRefused, type KubernetesApi } from '../api.ts'
import { podEvents } from './pod-events.ts'
import { type PodFate, podFate } from './pod-fate.ts'
import { RunnerLink } from './runner-link.ts'

/** A pod is looked at this often until it runs, and after a connection to it broke. Builds are few. */
const LOOK_MS = 500
const LOOK_MS_MAX = 5000
/** Pulling a base, or a node that has to come first. */
const START_MS_MAX = 5 * 60_000
/** An image that cannot be pulled is tried again by its kubelet for ever; here it is by the next attempt. */
const PULL_MS_MAX = 12_000
const CANNOT_PULL = /^(ErrImagePull|ImagePullBackOff)/
/** What the cluster tells of a pod that waits is looked at so often. */
const EVENTS_EVERY_MS = 4000
/** Nothing heard of a runner for three of its pings: what waits for its script asks what became of the pod. */
const HOLD_SILENCE_MS = 3 * RUNNER_PING_MS
/** What is not deleted by then is left to the sweep. */
const DELETE_MS_MAX = 30_000
/** After its connections broke, the cluster tells within this why; or the pod answers again, or is taken for lost. */
const FATE_MS_MAX = 20_000

type Infra = Extract<RecipeFailed, { code: 'infra' }>
export const infra = (why: string): Result<never, Infra> => err({ code: 'infra', why })
/** The pod did not come to be, or is no more, or was too small for what ran in it. */
export const placeLost = (why: string): Result<never, Infra> => err({ code: 'infra', why, placeLost: true })

export type BuildPodSetting = {
  readonly api: KubernetesApi
  readonly spec: V1Pod
  readonly namespace: string
  readonly key: string
  /** Shorter, for tests. */
  readonly startMs?: number
  log(text: string): void | Promise<void>
}

/** A pod whose runner answers. It is held until it is removed: a runner that nobody holds ends by itself. */
export class BuildPod {
  readonly #setting: BuildPodSetting
  readonly #name: string
  readonly #over = new AbortController()
  readonly #events: ReturnType<typeof podEvents>
  #ip = ''
  /** The connection of the script that runs. It may be silent for as long as it likes, so the held one breaks it. */
  #script: RunnerLink | undefined
  #toldEnd = false

  private constructor(setting: BuildPodSetting) {
    this.#setting = setting
    this.#name = setting.spec.metadata?.name ?? ''
    this.#events = podEvents(setting.api, setting.namespace, this.#name)
  }

  static async start(setting: BuildPodSetting, signal: AbortSignal): Promise<Result<BuildPod, RecipeFailed>> {
    const pod = new BuildPod(setting)
    const refused = await pod.#create(signal)
    if (refused) return refused
    try {
      const failed = await pod.#answers(signal)
      if (failed) {
        await pod.remove()
        return failed
      }
      void pod.#hold()
      return ok(pod)
    } catch (error) {
      await pod.remove().catch(() => undefined) // the sweep takes it; what went wrong first is told
      throw error
    }
  }

  /** A connection for one operation. Rejects where {@link fate} tells more. */
  async open(operation: RunnerOperation): Promise<RunnerLink> {
    const link = await RunnerLink.open(this.#ip, this.#setting.key, operation)
    if (operation.type === 'run') this.#script = link
    return link
  }

  /** Why what was asked of it broke off: what the cluster says, when it says anything soon; undefined when it is well again. */
  async fate(signal: AbortSignal): Promise<Result<never, Infra> | undefined> {
    const until = performance.now() + FATE_MS_MAX
    for (;;) {
      signal.throwIfAborted()
      // The API server may be away, and the pod need not be.
      const fate = await this.#look(AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS_MAX)])).catch(() => undefined)
      if (fate?.state === 'over') return this.#lost(fate.why, signal)
      if (await this.#isWell()) return undefined
      if (performance.now() > until) return this.#lost('it does not answer', signal)
      await sleep(LOOK_MS)
    }
  }

  /** May be repeated. */
  async remove(): Promise<void> {
    this.#over.abort()
    await deletePod(this.#setting.api, this.#setting.namespace, this.#name)
  }

  async #create(signal: AbortSignal): Promise<Result<never, Infra> | undefined> {
    const { api, namespace, spec } = this.#setting
    try {
      await api.call({ verb: 'create', resource: 'pods', namespace, body: spec }, signal)
      return undefined
    } catch (error) {
      // A first answer may have been lost; the key tells ours from anybody else's.
      if (hasStatus(error, 409)) return (await this.#isOurs(signal)) ? undefined : infra(`There is a pod ${this.#name} already`)
      if (hasStatus(error, 403)) return infra((error as ApiRefused).message)
      throw error
    }
  }

  async #isOurs(signal: AbortSignal): Promise<boolean> {
    const envOf = (pod: V1Pod) => JSON.stringify(pod.spec?.containers[0]?.env)
    return envOf(await this.#read(signal)) === envOf(this.#setting.spec)
  }

  /** Until the runner answers; what the pod waits for is told once. */
  async #answers(signal: AbortSignal): Promise<Result<never, Infra> | undefined> {
    const { startMs = START_MS_MAX } = this.#setting
    const begin = performance.now()
    let told = ''
    let eventsAt = begin + EVENTS_EVERY_MS
    for (;;) {
      signal.throwIfAborted()
      const fate = await this.#look(signal)
      if (fate.state === 'over') return this.#lost(fate.why, signal)
      if (fate.state === 'running') {
        this.#ip = fate.ip
        if (await this.#isWell()) return undefined
      }
      const ms = performance.now() - begin
      const why = fate.state === 'waiting' ? fate.why : 'its runner does not answer'
      const isFor = fate.state === 'waiting' ? fate.isFor : 'start'
      // Sessions end and nodes come: the next try has another chance, and there is no place yet that could be lost.
      if (isFor === 'room' && ms > startMs) return infra(`Pod ${this.#name} cannot start: ${why}`)
      const isHopeless = isFor === 'nothing' || (CANNOT_PULL.test(why) && ms > PULL_MS_MAX)
      if (isHopeless || ms > startMs) return this.#lost(`it cannot start: ${why}`, signal)
      if (fate.state === 'waiting' && why !== told) await this.#setting.log(`Waiting: ${why}\n`)
      told = why
      if (performance.now() > eventsAt) {
        await this.#tellEvents(signal)
        eventsAt = performance.now() + EVENTS_EVERY_MS
      }
      await sleep(LOOK_MS)
    }
  }

  /** What ends the attempt, which its log is told too, behind what the cluster said meanwhile. */
  async #lost(why: string, signal: AbortSignal): Promise<Result<never, Infra>> {
    const words = `Pod ${this.#name}: ${why}`
    await this.#tellEvents(signal)
    if (!this.#toldEnd) await this.#setting.log(`${words}\n`)
    this.#toldEnd = true
    return placeLost(words)
  }

  async #tellEvents(signal: AbortSignal): Promise<void> {
    for (const words of await this.#events.news(signal)) await this.#setting.log(`The cluster: ${words}\n`)
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

  async #look(signal: AbortSignal): Promise<PodFate> {
    try {
      return podFate(await this.#read(signal))
    } catch (error) {
      if (hasStatus(error, 404)) return podFate(undefined)
      throw error
    }
  }

  async #read(signal: AbortSignal): Promise<V1Pod> {
    const { api, namespace } = this.#setting
    return (await api.call({ verb: 'get', resource: 'pods', namespace, name: this.#name }, signal)) as V1Pod
  }

  /** Again and again, until it is removed: whoever asks something of it finds out if it is gone. */
  async #hold(): Promise<void> {
    while (!this.#over.signal.aborted) {
      try {
        using link = await this.open({ type: 'hold' })
        link.silenceMs = HOLD_SILENCE_MS
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
      this.#script?.[Symbol.dispose]() // whoever reads it asks what became of the pod, and goes on where it is well
      await sleep(LOOK_MS)
    }
  }
}

const hasStatus = (error: unknown, status: number): boolean => error instanceof ApiRefused && error.status === status

/** At once; what is gone already is as good. */
export async function deletePod(api: KubernetesApi, namespace: string, name: string): Promise<void> {
  const query = { gracePeriodSeconds: '0' }
  try {
    await api.call({ verb: 'delete', resource: 'pods', namespace, name, query }, AbortSignal.timeout(DELETE_MS_MAX))
  } catch (error) {
    if (!hasStatus(error, 404)) throw error
  }
}
