import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'

import { tally, verified } from '#lib/application/ports/checked-bytes.ts'
import type { SealedFile, SealedFiles, SealedRefused, SealedWriter } from '#lib/application/ports/sealed-files.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { BLOCK } from './header.ts'
import { type FoundEntry, readSealed } from './read-sealed.ts'
import { fillOf, SEAL, sealedHeader } from './sealed-header.ts'

const READ_BYTES = 256 * 1024
/** It holds the texts of all configs and logs. */
const MODE = 0o600

/**
 * Tar archives of plain files, which every tar reads; the last one, `seal`, is the sha256 of all bytes before it. Opened only
 * when each block is as it is written here, so that nobody reads anything else in them.
 */
export const tarSealedFiles = (): SealedFiles => ({
  async write(path, fill, signal) {
    const fresh = `${path}.${randomUUID()}.part`
    try {
      const size = await writeAll(fresh, fill, signal)
      signal.throwIfAborted()
      await rename(fresh, path)
      await syncFolder(dirname(path))
      return ok({ size })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return err({ code: 'no_room' })
      throw error
    } finally {
      await rm(fresh, { force: true })
    }
  },

  async open(path, signal) {
    const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (!file) return err({ code: 'not_found' })
    let isOpened = false
    try {
      const found = await entriesOf(file, signal)
      isOpened = found.ok
      return found.ok ? ok(opened(file, found.value)) : found
    } finally {
      if (!isOpened) await file.close()
    }
  },
})

async function writeAll(path: string, fill: (file: SealedWriter) => Promise<void>, signal: AbortSignal): Promise<number> {
  const file = await open(path, 'wx', MODE)
  try {
    const seen = tally()
    const write = async (bytes: Uint8Array) => {
      seen.take(bytes)
      await file.writeFile(bytes)
    }
    await fill({ add: (name, size, bytes) => add(write, name, size, bytes, signal) })
    const [before, seal] = [seen.size(), Buffer.from(`${seen.digest()}\n`)]
    const end = Buffer.concat([sealedHeader(SEAL, seal.length), seal, fillOf(seal.length), Buffer.alloc(2 * BLOCK)])
    await file.writeFile(end)
    await file.sync()
    return before + end.length
  } finally {
    await file.close()
  }
}

type Write = (bytes: Uint8Array) => Promise<void>

async function add(write: Write, name: string, size: number, bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) {
  await write(sealedHeader(name, size))
  let left = size
  for await (const chunk of bytes) {
    signal.throwIfAborted()
    left -= chunk.length
    if (left < 0) throw new Error(`Cannot write "${name}": there is more than its ${size} bytes`)
    await write(chunk)
  }
  if (left > 0) throw new Error(`Cannot write "${name}": it ends ${left} bytes early`)
  await write(fillOf(size))
}

async function entriesOf(file: FileHandle, signal: AbortSignal): Promise<Result<ReadonlyMap<string, FoundEntry>, SealedRefused>> {
  if (!(await file.stat()).isFile()) return err({ code: 'bad_file', why: 'it is no file' })
  const found = await readSealed(streamOf(file, 0), signal)
  return found.ok ? found : err({ code: 'bad_file', why: found.error })
}

const opened = (file: FileHandle, entries: ReadonlyMap<string, FoundEntry>): SealedFile => ({
  entries,
  read(name, from = 0) {
    const entry = entries.get(name)
    if (!entry) throw new Error(`Cannot read "${name}": there is no such entry`)
    if (from >= entry.size) return Readable.from([])
    const bytes = streamOf(file, entry.at + from, entry.at + entry.size)
    return from === 0 ? verified(bytes, entry, `"${name}"`) : bytes
  },
  close: () => file.close(),
})

/** Bytes from `start` to before `end`, whoever else reads from the handle. */
const streamOf = (file: FileHandle, start: number, end = Infinity): Readable =>
  Readable.from(piecesOf(file, start, end), { objectMode: false })

async function* piecesOf(file: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let at = start; at < end;) {
    const length = Math.min(READ_BYTES, end - at)
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

/** A rename is on the disk when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
