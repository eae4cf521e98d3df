import { join, resolve } from 'node:path'

import { fileObjectStore } from './adapters/files/object-store.ts'
import { mmdebstrapRoots } from './adapters/debian/base-roots.ts'
import { layoutImages } from './adapters/oci-layout/images.ts'
import { registryImages } from './adapters/registry/images.ts'
import { tarLayers } from './adapters/tar/layers.ts'
import type { BaseRoots } from './application/ports/base-roots.ts'
import type { Images } from './application/ports/images.ts'
import type { Layers } from './application/ports/layers.ts'
import type { ObjectStore } from './application/ports/object-store.ts'
import type { Clock } from './application/ports/time.ts'
import type { Config } from './config/options.ts'

export type Stores = {
  readonly objects: ObjectStore
  readonly images: Images
  readonly layers: Layers
  readonly roots: BaseRoots
  close(): void
}
type Where = Pick<Config, 'dataDir' | 's3Bucket' | 's3Endpoint' | 's3Region' | 'registryUrl'>

/**
 * Objects and images where the options say; in the data folder when they say nothing. What is only on its way lies in its
 * `folder`.
 */
export async function openStores(config: Where, clock: Pick<Clock, 'today'>, folder = 'build'): Promise<Stores> {
  const below = (name: string) => join(resolve(config.dataDir), name)
  const work = below(folder)
  const objects = await objectsOf(config, below)
  return {
    objects,
    images: config.registryUrl ? registryOf(config.registryUrl, below('build'), clock) : layoutImages(below('images'), clock),
    layers: tarLayers(work),
    roots: mmdebstrapRoots(work),
    close: () => objects.close(),
  }
}

async function objectsOf(config: Where, below: (name: string) => string): Promise<ObjectStore & { close(): void }> {
  const { s3Bucket: bucket, s3Endpoint: endpoint, s3Region: region } = config
  if (!bucket) return { ...fileObjectStore(below('objects')), close: () => undefined }
  // Amazon's client is 20 MB of code that few need.
  const { s3ObjectStore } = await import('./adapters/s3/object-store.ts')
  return s3ObjectStore({ bucket, region, ...(endpoint && { endpoint }), spoolDir: below('build') })
}

function registryOf(address: string, work: string, clock: Pick<Clock, 'today'>): Images {
  const { origin, username, password } = new URL(address)
  const credentials = username ? { user: decodeURIComponent(username), password: decodeURIComponent(password) } : undefined
  return registryImages({ url: origin, ...(credentials && { credentials }), resumeDir: join(work, 'uploads'), clock })
}
