import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readlink, rename, rm, stat, symlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'

import { tally, verified } from '#lib/application/ports/checked-bytes.ts'
import {
  type ByteRange,
  OBJECT_BYTES_MAX,
  type ObjectFacts,
  type ObjectStore,
  type PutOptions,
} from '#lib/application/ports/object-store.ts'
import { digest, digestHex } from '#lib/domain/digest.ts'
import type { ObjectKey } from '#lib/domain/object-key.ts'
import { err, ok } from '#lib/domain/result.ts'
import { absentIsUndefined, syncFolder } from './fs.ts'
import { dataFile, DATA_MARK, isLink, keyOfLink, linkFile, NEW_MARK } from './names.ts'
import { filesBelow } from './walk.ts'

/** A link that points to nothing was just replaced, or deleted: looked at again so often. */
const TRIES_MAX = 5

/**
 * Objects as files. The object `a/b` is the link `a/=b` to a file beside it that has the bytes' digest in its name: one
 * rename replaces bytes and digest together, and what somebody reads stays there until it is closed.
 */
export function fileObjectStore(folder: string, { bytesMax = OBJECT_BYTES_MAX } = {}): ObjectStore {
  async function put(key: ObjectKey, bytes: AsyncIterable<Uint8Array>, options: PutOptions = {}) {
    const link = linkFile(folder, key)
    const dir = dirname(link)
    const mark = randomBytes(8).toString('hex')
    const fresh = join(dir, `${NEW_MARK}${mark}`)
    const most = Math.min(bytesMax, options.bytesMax ?? bytesMax)
    await mkdir(dir, { recursive: true })
    try {
      const written = await writeAll(fresh, bytes, most, options.signal)
      if (!written) return err({ code: 'too_large' as const, bytesMax: most })
      const { size, digest: actual } = written
      const { expected } = options
      if (expected && expected !== actual) return err({ code: 'wrong_digest' as const, expected, actual })

      const data = dataFile(digestHex(actual), mark)
      await rename(fresh, join(dir, data))
      await symlink(data, fresh)
      const old = await absentIsUndefined(readlink(link))
      await rename(fresh, link)
      await syncFolder(dir)
      if (old) await rm(join(dir, old), { force: true })
      return ok({ key, size, digest: actual })
    } finally {
      await rm(fresh, { force: true })
    }
  }

  async function opened(key: ObjectKey): Promise<{ facts: ObjectFacts; file: FileHandle } | undefined> {
    const link = linkFile(folder, key)
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      const data = await absentIsUndefined(readlink(link))
      if (data === undefined) return undefined
      const file = await absentIsUndefined(open(join(dirname(link), data), 'r'))
      if (file) return { facts: { key, size: (await file.stat()).size, digest: digestIn(data) }, file }
    }
    return undefined
  }

  return {
    put,
    async get(key, range) {
      const found = await opened(key)
      if (!found) return undefined
      const { facts, file } = found
      if (!range) return { facts, bytes: verified(file.createReadStream(), facts, `"${key}"`) }
      const part = partOf(range, facts.size)
      if (part) return { facts, bytes: file.createReadStream(part) }
      await file.close()
      return { facts, bytes: Readable.from([]) }
    },
    async head(key) {
      const found = await opened(key)
      await found?.file.close()
      return found?.facts
    },
    async *list(below) {
      for await (const path of filesBelow(below ? join(folder, below) : folder)) {
        const found = isLink(path) && (await absentIsUndefined(stat(path)))
        if (found) yield { key: keyOfLink(folder, path), size: found.size }
      }
    },
    async delete(key) {
      const link = linkFile(folder, key)
      const data = await absentIsUndefined(readlink(link))
      await rm(link, { force: true })
      if (data) await rm(join(dirname(link), data), { force: true })
    },
    async sweep(begunBefore) {
      const [data, linked] = [new Set<string>(), new Set<string>()]
      for await (const path of filesBelow(folder)) {
        if (isLink(path)) linked.add(join(dirname(path), (await absentIsUndefined(readlink(path))) ?? ''))
        else if (basename(path).startsWith(DATA_MARK)) data.add(path)
      }
      let swept = 0
      for (const path of data) {
        // One that was linked after we looked for links is younger than any moment worth sweeping at.
        const found = linked.has(path) ? undefined : await absentIsUndefined(stat(path))
        if (!found || found.mtime >= begunBefore) continue
        await rm(path, { force: true })
        swept++
      }
      return swept
    },
  }
}

/** Writes until the end of the bytes; undefined when they were more than `most`. */
async function writeAll(path: string, bytes: AsyncIterable<Uint8Array>, most: number, signal?: AbortSignal) {
  const seen = tally()
  const file = await open(path, 'wx', 0o644)
  try {
    for await (const chunk of bytes) {
      signal?.throwIfAborted()
      seen.take(chunk)
      if (seen.size() > most) return undefined
      await file.writeFile(chunk)
    }
    signal?.throwIfAborted()
    await file.sync()
  } finally {
    await file.close()
  }
  return { size: seen.size(), digest: seen.digest() }
}

function digestIn(data: string) {
  const found = digest(`sha256:${data.slice(DATA_MARK.length, DATA_MARK.length + 64)}`)
  if (!found.ok) throw new Error(`Cannot read the object in "${data}": its name has no digest`)
  return found.value
}

/** As streams want it, the last byte included; undefined when there is none. */
function partOf({ from, to = Infinity }: ByteRange, size: number) {
  const end = Math.min(to, size)
  return from < end ? { start: from, end: end - 1 } : undefined
}
