import { createHash, randomBytes } from 'node:crypto'

import type { Log } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Sandbox, SandboxNeeds, SandboxRefused, Sandboxes } from '#lib/application/ports/sandboxes.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { SandboxId } from '#lib/domain/ids.ts'
import type { Limits } from '#lib/domain/limits.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import type { KubernetesApi } from './api.ts'
import type { ClusterFacts } from './cluster-facts.ts'
import { addressText, parseAddress } from './dial.ts'
import { podCalls } from './pod-calls.ts'
import { AGENT_PORT, type PodKind } from './pod-names.ts'
import { podSandbox } from './pod-sandbox.ts'
import { claimedRequests, podSpec, type PodHouse } from './pod-spec.ts'
import type { PodView } from './pod-view.ts'
import { whenUp } from './start-pod.ts'
import { planSweep } from './sweep-pods.ts'
import { untilAborted } from './until-aborted.ts'
import { watchPods } from './watch-pods.ts'

export type PodOptions = {
  readonly api: KubernetesApi
  readonly house: Omit<PodHouse, keyof ClusterFacts>
  /** What only the cluster can say: starts wait for it, and nothing else does. */
  readonly facts: ClusterFacts | Promise<ClusterFacts>
  readonly clock: Clock
  readonly metrics: Metrics
  readonly log: Log
  /** Of this server. */
  readonly sandboxesMax: number
  readonly kind?: PodKind
  /** What a pod is reckoned at once it is claimed, of its limits; 0 leaves it as it waited. */
  readonly claimedPercent?: number
  /** By version, the image of an agent's release, where pods take it so; one without may come from the node with `orNode`. */
  readonly agentImages?: { of(version: string): Promise<Digest | undefined>; readonly orNode: boolean }
  /**
   * What the network's policies must keep from every pod, as `ip:port`: something listens there. The kubelet of its own node
   * is always among it. `tolerated`: an operator said by name that policies are not enforced.
   */
  readonly canary?: Targets | Promise<Targets>
  /** See {@link planSweep}; shorter in tests. */
  readonly youngMs?: number
}

type Targets = readonly string[] | 'tolerated'

/** Where every kubelet listens. */
const KUBELET_PORT = 10250
/** A cluster that is there lists them within a second or two; nobody waits longer for one that is not. */
const LISTED_MS_MAX = 10_000
const REMOVE_MS_MAX = 10 * 60_000
const SWEEP_MS_MAX = 60_000
/** A watch this old says nothing about who is astray. */
const STALE_MS = 60_000
/** An adopted pod that the watch does not know is looked at after this. */
const UNKNOWN_MS = 2000

/**
 * Sandboxes as pods. Resolves when the pods that are there are known, or when the cluster did not say: then sandboxes are
 * adopted by their addresses, starts wait for it, and nothing is swept.
 */
export async function podSandboxes(options: PodOptions): Promise<Sandboxes> {
  const { api, house, clock, metrics, log, kind = 'session', claimedPercent = 0 } = options
  const calls = podCalls(api, house.namespace)
  const watch = watchPods({ api, clock, metrics, namespace: house.namespace, kind })
  const closing = new AbortController()
  const live = new Map<SandboxId, Promise<Result<Sandbox, SandboxRefused>>>()
  let known: ClusterFacts | undefined
  void Promise.resolve(options.facts).then((facts) => (known = facts))
  await watch.ready(AbortSignal.timeout(LISTED_MS_MAX)).catch((error: unknown) => {
    log.warn('pods not listed yet', { namespace: house.namespace, error: String(error) })
  })

  async function launch(id: SandboxId, needs: SandboxNeeds, signal: AbortSignal): Promise<Result<Sandbox, SandboxRefused>> {
    const { foundation, limits, ahead, phase } = needs
    if (!foundation) return failed('on a cluster a language runs on its image, and there is none')
    const key = randomBytes(32).toString('hex')
    const keySha256 = sha256(key)
    let uid: string | undefined
    try {
      const facts = await untilAborted(options.facts, signal)
      const { agentImages } = options
      const agentImage = facts.imageVolumes ? await agentImages?.of(foundation.agent) : undefined
      if (agentImages?.orNode === false && !agentImage)
        return failed(`agent ${foundation.agent} has no image; dragoman agent publish makes those that are missing`)
      const inputs = { id, kind, foundation, limits, keySha256, ...(agentImage && { agentImage }) }
      const pod = podSpec({ ...inputs, ...(ahead !== undefined && { ahead }) }, { ...house, ...facts })
      const made = await createOnce(pod, id, keySha256, signal)
      if (!made.ok) return made
      uid = made.value.uid
      const up = await whenUp(made.value, { watch, calls }, phase, signal)
      const canary = canaryOf(await options.canary, watch.get(id)?.nodeIp)
      if (up.ok) return ok(podSandbox({ ...{ id, key, uid, watch, calls, canary, ...up.value }, ...ties(id) }))
      removeLater(id, uid)
      return up
    } catch (error) {
      removeLater(id, uid)
      if (signal.aborted) return failed(`given up: ${String(signal.reason)}`)
      return failed(String(error))
    }
  }

  const ties = (id: SandboxId) => ({
    closing: closing.signal,
    forget: () => live.delete(id),
    metrics,
    ...(known?.resizes && claimedPercent > 0 && { grown: (limits: Limits) => claimedRequests(limits, claimedPercent) }),
    ownIds: known?.userNamespaces ?? false, // one that is adopted before was looked at when it was started
  })

  /** A create whose answer was lost finds its own pod; anybody else's under the name is left alone. */
  async function createOnce(
    pod: ReturnType<typeof podSpec>,
    id: SandboxId,
    keySha256: string,
    signal: AbortSignal,
  ): Promise<Result<PodView, SandboxRefused>> {
    const made = await calls.create(pod, signal)
    if (made.ok) return made
    if (made.error.code === 'no_room') return err({ code: 'no_room' })
    if (made.error.code === 'refused') return failed(made.error.why)
    const there = await calls.read(id, signal)
    if (!there) return failed('its pod came and went')
    return there.keySha256 === keySha256 ? ok(there) : failed(`"${id}" runs since an earlier process`)
  }

  /** Nobody waits for the removal of what never came up; what this misses the sweep finds. */
  function removeLater(id: SandboxId, uid: string | undefined): void {
    calls.remove(id, uid, AbortSignal.timeout(REMOVE_MS_MAX)).catch((error: unknown) => {
      log.warn('pod not removed', { sandbox: id, error: String(error) })
    })
  }

  /** The watch may only be behind; a pod that is really gone will never be told of by it. */
  function lookWhetherThere(id: SandboxId, sandbox: Sandbox): void {
    clock.after(UNKNOWN_MS, () => {
      if (watch.get(id) || !live.has(id)) return
      calls.read(id, AbortSignal.timeout(SWEEP_MS_MAX)).then(
        (there) => (there ? undefined : sandbox.destroy()),
        () => undefined, // nobody to ask: the agent's own silence ends the session
      )
    })
  }

  return {
    async start(id, needs, signal) {
      signal.throwIfAborted()
      const already = live.get(id)
      if (already) return already
      if (live.size >= options.sandboxesMax) return err({ code: 'no_room' })
      const starting = launch(id, needs, signal)
      live.set(id, starting)
      const started = await starting
      if (!started.ok) live.delete(id)
      return started
    },

    async adopt(id, key, address) {
      const already = await live.get(id)
      if (already?.ok) return already.value
      const known = watch.get(id)
      if (known && (known.keySha256 !== sha256(key) || known.isGoing || known.phase !== 'Running')) return undefined
      const at = (address !== undefined && parseAddress(address)) || (known?.ip && { host: known.ip, port: AGENT_PORT })
      if (!at) return undefined
      const sandbox = podSandbox({ ...{ id, key, address: at, uid: known?.uid, watch, calls }, ...ties(id) })
      live.set(id, Promise.resolve(ok(sandbox)))
      if (!known) lookWhetherThere(id, sandbox)
      return sandbox
    },

    async sweep(keep) {
      if (watch.ageMs() > STALE_MS) return 0
      const { astray, now } = planSweep(watch.all(), new Set([...keep, ...live.keys()]), watch.clusterMs(), options.youngMs)
      metrics.set('dragoman_k8s_pods_astray', { kind }, astray.length)
      if (astray.length > now.length) log.warn('many pods are nobody’s', { astray: astray.length, removed: now.length })
      const signal = AbortSignal.timeout(SWEEP_MS_MAX)
      for (const { name, uid } of now) await calls.remove(name, uid, signal)
      return now.length
    },

    async close() {
      closing.abort()
      watch.close()
    },
  }
}

const failed = (why: string) => err({ code: 'start_failed' as const, why })

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

function canaryOf(canary: Targets = [], nodeIp: string | undefined): NonNullable<Sandbox['canary']> {
  if (canary === 'tolerated') return canary
  return { targets: [...canary, ...(nodeIp === undefined ? [] : [addressText({ host: nodeIp, port: KUBELET_PORT })])] }
}
