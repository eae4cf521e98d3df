import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'

import type { V1PodList } from '@kubernetes/client-node'

import type { Layers } from '#lib/application/ports/layers.ts'
import type { RecipeFailed } from '#lib/application/ports/recipes.ts'
import type { RegistryProxies } from '#lib/application/ports/registry-proxies.ts'
import type { BeginImage, BeginWorkplace, Workplace, Workplaces } from '#lib/application/ports/workplaces.ts'
import type { AttemptKey } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import { LAYER_LIMITS } from '#lib/domain/layer-entry.ts'
import { layerRules } from '#lib/domain/layer-rules.ts'
import type { Repository } from '#lib/domain/repository.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import type { KubernetesApi } from '../api.ts'
import { asked, atMost, whyNot } from './ask-runner.ts'
import { BUILD_PODS, type BuildHouse, buildPodName, buildPodSpec } from './build-pod-spec.ts'
import { BuildPod, deletePod, infra } from './build-pod.ts'
import { runRecipe } from './run-recipe.ts'

const KEY_BYTES = 32
/** dpkg's list of a whole desktop is a tenth of it. */
const STATUS_BYTES_MAX = 64 * 1024 * 1024
/** Files as large as layers may have, and their heads. */
const ARCHIVE_BYTES_MAX = LAYER_LIMITS.bytesMax + LAYER_LIMITS.entriesMax * 4096
const SWEEP_MS_MAX = 30_000

export type PodWorkplacesOptions = {
  readonly api: KubernetesApi
  readonly house: BuildHouse
  /** `host[:port]` by which nodes pull. */
  readonly registry: string
  /** The image with the runner on top, made where it is not there yet. */
  runnerImage(
    base: BeginImage,
    withTools: boolean,
    signal: AbortSignal,
  ): Promise<{ readonly repository: Repository; readonly digest: Digest }>
  readonly layers: Pick<Layers, 'keep' | 'lint' | 'unpack'>
  readonly proxies: RegistryProxies
  readonly workDir: string
}

export type PodWorkplaces = Workplaces & {
  /** Removes pods of attempts that nobody is at any more, as `live` says when it is asked; answers how many. */
  sweep(live: () => Promise<readonly AttemptKey[]>): Promise<number>
}

/** Workplaces that are pods. What a pod gives is a stranger's, and is read as such. */
export function podWorkplaces(options: PodWorkplacesOptions): PodWorkplaces {
  const { api, house, registry } = options

  return {
    async begin(image, { limits, attempt, withTools = false, signal, log }) {
      const runner = await options.runnerImage(image, withTools, signal)
      const key = randomBytes(KEY_BYTES).toString('hex')
      const spec = buildPodSpec(
        {
          name: attempt ? buildPodName(attempt) : `build-${key.slice(0, 16)}`,
          ...(attempt && { attempt }),
          image: `${registry}/${runner.repository}@${runner.digest}`,
          limits,
          keySha256: createHash('sha256').update(key).digest('hex'),
        },
        house,
      )
      const started = await BuildPod.start({ api, spec, namespace: house.namespace, key, log }, signal)
      if (!started.ok) return started
      return begun(options, started.value, { limits, signal, log })
    },

    async sweep(live) {
      const { namespace } = house
      const query = { labelSelector: BUILD_PODS }
      const listed = await api.call({ verb: 'list', resource: 'pods', namespace, query }, AbortSignal.timeout(SWEEP_MS_MAX))
      // Asked after the list: an attempt is leased before it has a pod, so whoever has one and is not live has ended.
      const wanted = new Set((await live()).map(buildPodName))
      const names = (listed as V1PodList).items.flatMap(({ metadata }) => metadata?.name ?? [])
      const orphans = names.filter((name) => !wanted.has(name))
      for (const name of orphans) await deletePod(api, namespace, name)
      return orphans.length
    },
  }
}

async function begun(
  { layers, proxies, workDir }: PodWorkplacesOptions,
  pod: BuildPod,
  { signal }: BeginWorkplace,
): Promise<Result<Workplace, RecipeFailed>> {
  await mkdir(workDir, { recursive: true })
  const folder = await mkdtemp(join(workDir, 'pod-'))
  const remove = async () => {
    await rm(folder, { recursive: true, force: true })
    await pod.remove()
  }
  const status = join(folder, 'status')
  const looked = await asked(pod, { type: 'begin' }, signal, async (link) => {
    await writeFile(status, await buffer(atMost(link.bytes(), STATUS_BYTES_MAX)))
    return ok(undefined)
  }).catch(async (error: unknown) => {
    await remove()
    throw error
  })
  if (!looked.ok) {
    await remove()
    return looked
  }
  let scripts = 0
  return ok({
    status,
    remove,
    run: (recipe) => runRecipe(pod, proxies, ++scripts, recipe),

    pack: (how) =>
      asked(pod, { type: 'changes', fallbackMs: how.fallback.getTime() }, how.signal, async (link) => {
        const first = await link.next()
        if (first?.kind !== 'said' || first.said.type !== 'newest') return infra(whyNot(first))
        const packed = await layers.keep(atMost(link.bytes(), ARCHIVE_BYTES_MAX), how.signal)
        return ok({ ...packed, newest: new Date(first.said.ms) })
      }),

    content: (of, signal) =>
      asked(pod, { type: 'content', folder: of }, signal, async (link) => {
        const first = await link.next()
        if (first?.kind !== 'said' || (first.said.type !== 'some' && first.said.type !== 'none')) return infra(whyNot(first))
        if (first.said.type === 'none') return ok({ path: join(folder, 'none'), remove: async () => undefined })
        const packed = await layers.keep(atMost(link.bytes(), ARCHIVE_BYTES_MAX), signal)
        try {
          const linted = await layers.lint(packed.open(0), layerRules(LAYER_LIMITS), signal)
          if (!linted.ok) return err({ code: 'failed', status: 0, why: `${linted.error.path}: ${linted.error.why}` })
          return ok(await layers.unpack([async () => packed.open(0)], { signal }))
        } finally {
          await packed.remove()
        }
      }),
  })
}
