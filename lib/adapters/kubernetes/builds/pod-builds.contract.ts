import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

import type { V1PodList } from '@kubernetes/client-node'

import { aptPackages } from '#lib/adapters/debian/apt-packages.ts'
import { debianDebs } from '#lib/adapters/debian/debs.ts'
import { fileBlob } from '#lib/adapters/files/file-blob.ts'
import { layoutImages } from '#lib/adapters/oci-layout/images.ts'
import { registryImages } from '#lib/adapters/registry/images.ts'
import { registryProxies } from '#lib/adapters/registry-proxy/proxies.ts'
import type { RegistryAddresses } from '#lib/adapters/registry-proxy/registries.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { tarLayers } from '#lib/adapters/tar/layers.ts'
import { testBase } from '#lib/application/images/base.contract.ts'
import { runnerImages } from '#lib/application/images/runner-image.ts'
import { storedImage } from '#lib/application/images/stored-layers.ts'
import type { Images } from '#lib/application/ports/images.ts'
import type { BeginWorkplace } from '#lib/application/ports/workplaces.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { Repository } from '#lib/domain/repository.ts'

import { buildRunner, RUNNER_PATH } from '../../../../cli/setup/build-runner.ts'
import { kubeconfigPath } from '../../../../k8s/test-cluster/kubectl.ts'
import { ownNamespace } from '../../../../k8s/test-cluster/own-namespace.ts'
import { REGISTRY } from '../../../../k8s/test-cluster/places.ts'
import { kubernetesApi } from '../api.ts'
import { openCluster } from '../cluster.ts'
import { buildFacts } from './build-facts.ts'
import { RUNNER_FILE } from './build-pod-spec.ts'
import { podWorkplaces } from './pod-workplaces.ts'

const TOOLS = resolve(import.meta.dirname, '../../../../.dragoman/tools')
const MIB = 1024 * 1024
export const LIMITS = { cpus: 1, memoryBytes: 512 * MIB, processes: 256, timeMs: 120_000 }
export const clock = systemClock
const { signal } = new AbortController()

/** A namespace for the pods of builds, a base that they begin as, and all that a builder has beside. */
export async function podBuilds(registries: Partial<RegistryAddresses> = {}) {
  await buildRunner()
  const folder = mkdtempSync(join(tmpdir(), 'pod-builds-'))
  const workDir = join(folder, 'work')
  const layout = layoutImages(join(folder, 'images'), clock)
  const base = await testBase(join(folder, 'images'))
  const images = registryImages({ url: `http://${REGISTRY}`, resumeDir: join(folder, 'uploads'), clock })
  await copyImage(layout, images, base)

  const asked = { calls: 0 }
  const metrics = { count() {}, observe: () => void asked.calls++, set() {} } // each call of the API is observed once
  const api = kubernetesApi(await openCluster(kubeconfigPath()), { clock: systemClock, metrics })
  const { name: namespace, end } = await ownNamespace('builds')
  const layers = tarLayers(workDir)
  const program = () => fileBlob(RUNNER_PATH)
  const runnerImage = runnerImages({ images, layers }, { program, name: RUNNER_FILE, toolsPath: TOOLS })
  const runner: { fail: Digest | undefined } = { fail: undefined }
  const workplaces = podWorkplaces({
    ...{ api, layers, workDir, registry: REGISTRY },
    house: { namespace, ...(await buildFacts(api, { namespace }, 'auto', signal)) },
    runnerImage: async (of, withTools, by) => {
      const made = await runnerImage(of, withTools, by)
      return { ...made, digest: runner.fail ?? made.digest }
    },
    proxies: registryProxies(registries, workDir),
  })
  const stored = await storedImage(images, base.repository, base.digest)
  const image = { ...base, layers: stored?.layers.map((layer) => layer.read) ?? [] }
  const parts = { layers, packages: aptPackages(workDir), debs: debianDebs(workDir) }

  return {
    ...{ api, namespace, workplaces, folder, base, image },
    /** How often the cluster's API was asked for anything. */
    calls: () => asked.calls,
    /** An image that pods are told to have instead. */
    runner,
    /** What builds on this machine and in pods have in common, and where each keeps its images. */
    ...{ parts, images, layout },
    /** A workplace, and what was said in it. */
    async begin(more: Partial<BeginWorkplace> = {}) {
      let said = ''
      const log = (text: string) => void (said += text)
      const begun = await workplaces.begin(image, { limits: LIMITS, signal, log, ...more })
      return { begun, log, signal, said: () => said }
    },
    pods: async () => ((await api.call({ verb: 'list', resource: 'pods', namespace }, signal)) as V1PodList).items,
    files: () => readdirSync(workDir).filter((name) => name !== 'lists' && name !== 'roots'),
    async close() {
      await end()
      rmSync(folder, { recursive: true })
    },
  }
}

async function copyImage(from: Images, to: Images, { repository, digest }: { repository: Repository; digest: Digest }) {
  const [stored, manifest] = [await storedImage(from, repository, digest), await from.getManifest(repository, { digest })]
  if (!stored || !manifest) throw new Error('There is no base to copy')
  for (const layer of stored.layers) await to.putBlob(repository, layer)
  const { config } = JSON.parse(manifest.bytes.toString()) as { config: { digest: Digest; size: number } }
  const blob = await from.getBlob(repository, config.digest)
  const bytes = await buffer(blob?.bytes ?? Readable.from([]))
  await to.putBlob(repository, { ...config, open: () => Readable.from([bytes], { objectMode: false }) })
  await to.putManifest(repository, manifest.bytes)
}
