import { randomUUID } from 'node:crypto'
import { mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { tally } from '#lib/application/ports/checked-bytes.ts'
import type { Digest } from '#lib/domain/digest.ts'

export type Spooled = {
  readonly isTooLarge: false
  readonly size: number
  readonly digest: Digest
  /** Any part, as often as it takes. */
  read(from: number, to: number): Promise<Buffer>
}
type TooLarge = { readonly isTooLarge: true }

export type SpoolOptions = {
  readonly bytesMax: number
  /** More than this goes to a file. */
  readonly memoryBytesMax: number
  readonly dir: string
  readonly signal?: AbortSignal | undefined
}

/** Holds all bytes of a source, so that they can be sent with their size and digest, and sent again. */
export async function spool(
  bytes: AsyncIterable<Uint8Array>,
  { bytesMax, memoryBytesMax, dir, signal }: SpoolOptions,
): Promise<(Spooled | TooLarge) & AsyncDisposable> {
  const seen = tally()
  const path = join(dir, randomUUID())
  let held: Uint8Array[] = []
  let file: Awaited<ReturnType<typeof open>> | undefined
  const dispose = async () => void (await file?.close())

  try {
    for await (const chunk of bytes) {
      signal?.throwIfAborted()
      seen.take(chunk)
      if (seen.size() > bytesMax) return { isTooLarge: true, [Symbol.asyncDispose]: dispose }
      held.push(Buffer.from(chunk))
      if (!file && seen.size() <= memoryBytesMax) continue
      file ??= await unnamedFile(path)
      await file.appendFile(Buffer.concat(held))
      held = []
    }
    signal?.throwIfAborted()
  } catch (error) {
    await dispose()
    throw error
  }

  const whole = file ? undefined : Buffer.concat(held)
  return {
    isTooLarge: false,
    size: seen.size(),
    digest: seen.digest(),
    async read(from, to) {
      if (whole) return whole.subarray(from, to)
      const part = Buffer.alloc(to - from)
      const read = await file?.read(part, 0, part.length, from)
      if (read?.bytesRead !== part.length) throw new Error(`Cannot read bytes ${from} to ${to} of ${path}`)
      return part
    },
    [Symbol.asyncDispose]: dispose,
  }
}

/** Gone with its descriptor, whatever becomes of us. */
async function unnamedFile(path: string) {
  await mkdir(join(path, '..'), { recursive: true })
  const file = await open(path, 'wx+', 0o600)
  await rm(path)
  return file
}
