import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'

import { verified } from '#lib/application/ports/checked-bytes.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { Repository } from '#lib/domain/repository.ts'
import { PAUSES_MS, type RegistryHttp } from './http.ts'

/** The blob's bytes; where their stream breaks or stands still it is gone on with, as often as there are pauses. */
export async function readBlob(http: RegistryHttp, repository: Repository, digest: Digest) {
  const where = `/v2/${repository}/blobs/${digest}`
  const answer = await http.call('GET', where, [200, 404])
  if (answer.status === 404 || !answer.body) return void (await answer.body?.cancel())
  const size = Number(answer.headers.get('content-length'))
  const bytes = Readable.from(unbroken(http, where, answer, size), { objectMode: false })
  return { size, bytes: verified(bytes, { digest, size }, `blob ${digest}`) }
}

async function* unbroken(http: RegistryHttp, where: string, first: Response, size: number): AsyncGenerator<Uint8Array> {
  let [at, answer] = [0, first]
  for (let broken = 0; ; broken++) {
    // A registry that knows no ranges begins anew.
    let skip = answer.status === 206 ? 0 : at
    try {
      for await (const chunk of http.bytesOf(answer)) {
        const fresh = chunk.subarray(Math.min(skip, chunk.length))
        skip -= chunk.length - fresh.length
        at += fresh.length
        if (fresh.length > 0) yield fresh
      }
      if (at >= size) return
      throw new Error(`Cannot read ${where}: it ends after ${at} of ${size} bytes`)
    } catch (error) {
      const wait = PAUSES_MS[broken]
      if (wait === undefined) throw error
      await pause(wait)
    }
    answer = await http.call('GET', where, [200, 206], { headers: { range: `bytes=${at}-` } })
  }
}
