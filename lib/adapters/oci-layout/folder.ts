import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { open, readFile, rename, rm, utimes } from 'node:fs/promises'
import { join } from 'node:path'

import type { Clock } from '#lib/application/ports/time.ts'
import { type Digest, digestHex } from '#lib/domain/digest.ts'
import { type Index, indexFile } from './index-file.ts'

/** What an OCI layout is, and beside it what is on its way in or out. */
export type LayoutFolder = ReturnType<typeof layoutFolder>

export function layoutFolder(folder: string, { today }: Pick<Clock, 'today'>) {
  const uploads = join(folder, 'uploads')
  const trash = join(folder, 'trash')
  const blobs = join(folder, 'blobs', 'sha256')
  for (const made of [uploads, trash, blobs]) mkdirSync(made, { recursive: true })
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')

  return {
    today,
    blobs,
    uploads,
    trash,
    blob: (digest: Digest) => join(blobs, digestHex(digest)),

    async readIndex(): Promise<Index> {
      const text = await absentIsUndefined(readFile(join(folder, 'index.json'), 'utf8'))
      return text === undefined ? { schemaVersion: 2, manifests: [] } : indexFile.parse(JSON.parse(text))
    },
    /** Under the lock. */
    async writeIndex(index: Index): Promise<void> {
      await writeWhole(join(uploads, randomUUID()), join(folder, 'index.json'), JSON.stringify(index))
      await sync(folder)
    },
    async writeBlob(digest: Digest, bytes: Buffer): Promise<void> {
      const path = join(blobs, digestHex(digest))
      await writeWhole(join(uploads, randomUUID()), path, bytes)
      await utimes(path, today(), today())
      await sync(blobs)
    },
  }
}

async function writeWhole(fresh: string, path: string, bytes: string | Buffer): Promise<void> {
  const file = await open(fresh, 'wx', 0o644)
  try {
    await file.writeFile(bytes)
    await file.sync()
    await rename(fresh, path)
  } finally {
    await file.close()
    await rm(fresh, { force: true })
  }
}

/** A rename is on the disk when its folder is. */
export async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export async function absentIsUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
