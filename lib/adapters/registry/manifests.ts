import { createHash } from 'node:crypto'

import type { ImageEntry, StoredManifest } from '#lib/application/ports/images.ts'
import { type Digest, digest as digestFrom, digestOfHex } from '#lib/domain/digest.ts'
import { MANIFEST_BYTES_MAX, MEDIA_TYPE } from '#lib/domain/oci-image.ts'
import type { Repository, Tag } from '#lib/domain/repository.ts'
import { shelfOf } from './catalog.ts'
import type { RegistryHttp } from './http.ts'

export async function storeManifest(http: RegistryHttp, repository: Repository, name: string, body: Buffer): Promise<void> {
  const headers = { 'content-type': MEDIA_TYPE.manifest }
  const answer = await http.ask('PUT', `/v2/${repository}/manifests/${name}`, [201], { headers, body })
  const said = answer.headers.get('docker-content-digest')
  if (said !== null && said !== digestOf(body))
    throw new Error(`Cannot store manifest ${digestOf(body)}: the registry has ${said}`)
}

export async function manifestOf(
  http: RegistryHttp,
  repository: Repository,
  which: { readonly digest: Digest } | { readonly tag: Tag },
): Promise<StoredManifest | undefined> {
  const name = 'tag' in which ? which.tag : which.digest
  const headers = { accept: MEDIA_TYPE.manifest }
  const answer = await http.call('GET', `/v2/${repository}/manifests/${name}`, [200, 404], { headers })
  if (answer.status === 404) return void (await answer.body?.cancel())
  if (Number(answer.headers.get('content-length')) > MANIFEST_BYTES_MAX) {
    await answer.body?.cancel()
    throw new Error(`Cannot read manifest ${name}: it has more than ${MANIFEST_BYTES_MAX} bytes`)
  }
  const bytes = Buffer.from(await answer.arrayBuffer())
  const digest = digestOf(bytes)
  if ('digest' in which && digest !== which.digest) throw new Error(`Cannot read manifest ${name}: its bytes are ${digest}`)
  return { digest, bytes }
}

export async function deleteManifest(http: RegistryHttp, repository: Repository, digest: Digest): Promise<void> {
  await http.ask('DELETE', `/v2/${repository}/manifests/${digest}`, [202, 404])
}

/** Manifests that were pushed by us or have a tag. */
export async function entriesIn(http: RegistryHttp, repository: Repository): Promise<readonly ImageEntry[]> {
  const { pushedAt, tags } = await shelfOf(http, repository)
  const found = new Map<Digest, Tag[]>([...pushedAt.keys()].map((digest) => [digest, []]))
  for (const tag of tags) {
    const headers = { accept: MEDIA_TYPE.manifest }
    const answer = await http.ask('HEAD', `/v2/${repository}/manifests/${tag}`, [200, 404], { headers })
    const tagged = digestFrom(answer.headers.get('docker-content-digest') ?? '')
    if (tagged.ok) found.set(tagged.value, [...(found.get(tagged.value) ?? []), tag])
  }
  return [...found].map(([digest, tags]) => ({ repository, digest, tags }))
}

export const digestOf = (bytes: Buffer): Digest => digestOfHex(createHash('sha256').update(bytes).digest('hex'))
