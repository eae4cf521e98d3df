import type { ImageEntry, Images } from '#lib/application/ports/images.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import type { Named } from '#lib/domain/backup.ts'
import type { Digest } from '#lib/domain/digest.ts'
import { blobsOf } from '#lib/domain/oci-image.ts'
import { parseManifest } from '#lib/domain/parse-image.ts'

type Stores = { readonly objects: Pick<ObjectStore, 'head'>; readonly images: Pick<Images, 'list' | 'getManifest' | 'has'> }

export const objectName = (key: string) => `object ${key}`
export const imageName = (digest: Digest) => `image ${digest}`

/** Which of the things that rows name are not in the stores, or are there as other bytes; by a name for a person to find them. */
export async function missingThings({ objects, images }: Stores, named: Named, signal: AbortSignal): Promise<readonly string[]> {
  const missing: string[] = []
  for (const { key, digest } of named.objects) {
    signal.throwIfAborted()
    if ((await objects.head(key))?.digest !== digest) missing.push(objectName(key))
  }
  const places = placesOf(await images.list())
  for (const digest of new Set(named.images)) {
    signal.throwIfAborted()
    if (!(await isWhole(images, places.get(digest), digest))) missing.push(imageName(digest))
  }
  return missing
}

async function isWhole(images: Stores['images'], place: readonly ImageEntry[] | undefined, digest: Digest): Promise<boolean> {
  const repository = place?.[0]?.repository
  const stored = repository && (await images.getManifest(repository, { digest }))
  const manifest = stored && parseManifest(stored.bytes)
  if (!repository || !manifest?.ok) return false
  for (const blob of blobsOf(manifest.value)) if (!(await images.has(repository, blob))) return false
  return true
}

/** Where each image is, by the digest of its manifest. */
export function placesOf(entries: readonly ImageEntry[]): ReadonlyMap<Digest, readonly ImageEntry[]> {
  const places = new Map<Digest, ImageEntry[]>()
  for (const entry of entries) {
    const others = places.get(entry.digest)
    if (others) others.push(entry)
    else places.set(entry.digest, [entry])
  }
  return places
}
