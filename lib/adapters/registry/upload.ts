import type { BlobPut, BlobSource, PutBlobOptions, PutBlobRefused } from '#lib/application/ports/images.ts'
import type { Repository } from '#lib/domain/repository.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { chunksOf } from './chunks.ts'
import { RegistryFailed, type RegistryHttp } from './http.ts'
import type { UnfinishedUploads } from './resume.ts'

/** What is lost when a connection breaks; each is held in memory while it is sent. */
export const CHUNK_BYTES = 8 * 1024 * 1024

export type Uploads = { readonly http: RegistryHttp; readonly unfinished: UnfinishedUploads }

/** Shares the blob from where it is, or sends it by chunks, going on with an upload that was interrupted. */
export async function pushBlob(
  { http, unfinished }: Uploads,
  repository: Repository,
  source: BlobSource,
  { alsoIn = [], signal }: PutBlobOptions,
): Promise<Result<BlobPut, PutBlobRefused>> {
  const { digest } = source
  if (await hasBlob(http, repository, source.digest, signal)) return ok({ sent: 0 })
  const begun = (await resumed()) ?? (await mountedOrFresh())
  if (begun === 'mounted') return ok({ sent: 0 })

  try {
    const end = await send(begun.location, begun.from)
    const { status } = await http.ask('PUT', withDigest(end, digest), [201, 400], { signal })
    await unfinished.forget(repository, digest)
    if (status === 201) return ok({ sent: source.size - begun.from })
  } catch (error) {
    // An upload that the registry itself refused is not gone on with.
    if (error instanceof RegistryFailed && error.status < 500) await unfinished.forget(repository, digest)
    throw error
  }
  // What an earlier try had sent may have been the wrong part: once more from the beginning.
  if (begun.from > 0) return await pushBlob({ http, unfinished }, repository, source, { ...(signal && { signal }) })
  return err({ code: 'wrong_digest', expected: digest })

  async function resumed() {
    const known = await unfinished.location(repository, digest)
    if (known === undefined) return undefined
    const { status, headers } = await http.ask('GET', known, [204, 400, 404, 416], { signal })
    if (status !== 204) return undefined
    return { location: http.location(headers), from: offsetIn(headers) }
  }

  async function mountedOrFresh() {
    for (const other of alsoIn) {
      const path = `/v2/${repository}/blobs/uploads/?mount=${digest}&from=${other}`
      const { status, headers } = await http.ask('POST', path, [201, 202], { signal })
      if (status === 201) return 'mounted' as const
      await http.ask('DELETE', http.location(headers), [204, 404], { signal }) // the registry began an upload instead
    }
    const { headers } = await http.ask('POST', `/v2/${repository}/blobs/uploads/`, [202], { signal })
    return { location: http.location(headers), from: 0 }
  }

  /** Answers the place of the upload that has every byte. */
  async function send(location: string, from: number): Promise<string> {
    let at = from
    await unfinished.remember(repository, digest, location)
    if (at >= source.size) return location
    for await (const chunk of chunksOf(source.open(at), CHUNK_BYTES)) {
      const headers = {
        'content-type': 'application/octet-stream',
        'content-range': `${at}-${at + chunk.length - 1}`,
      }
      const answer = await http.ask('PATCH', location, [202], { headers, body: chunk, signal })
      location = http.location(answer.headers)
      at += chunk.length
      await unfinished.remember(repository, digest, location)
      if (at > source.size) break // the digest will be wrong
    }
    if (at < source.size) throw new Error(`Cannot store ${digest}: its source ends after ${at} of ${source.size} bytes`)
    return location
  }
}

export async function hasBlob(http: RegistryHttp, repository: Repository, digest: string, signal?: AbortSignal) {
  const { status } = await http.ask('HEAD', `/v2/${repository}/blobs/${digest}`, [200, 404], { signal })
  return status === 200
}

/** `Range: 0-99` is a hundred bytes; nothing yet is said as `0-0`, which one byte is too: ours are never so few. */
function offsetIn(headers: Headers): number {
  const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(headers.get('range') ?? '')?.[1] ?? 0)
  return last === 0 ? 0 : last + 1
}

const withDigest = (location: string, digest: string) =>
  `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`
