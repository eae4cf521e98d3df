import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { tally } from '#lib/application/ports/checked-bytes.ts'
import type { PackedLayer, PackOptions } from '#lib/application/ports/layers.ts'
import { gzipBlocks } from './gzip-blocks.ts'

const LOG_CHARS_MAX = 10_000

type How = Pick<PackOptions, 'newest' | 'signal'>

/** All of a folder, or a part of it. A transformation leaves targets of symbolic links as they are. */
export const packFolder = (folder: string, workDir: string, { only, ...how }: PackOptions): Promise<PackedLayer> => {
  const moved = only ? ['--owner=0', '--group=0', `--transform=s,^,${only.below}/,S`] : []
  return pack(['--sort=name', ...moved, `--directory=${folder}`, ...(only?.names ?? ['.'])], workDir, how)
}

/** GNU tar in POSIX form with all that differs from time to time left out, then gzip; no byte of the archive on the disk. */
export async function pack(what: readonly string[], workDir: string, { newest, signal }: How): Promise<PackedLayer> {
  const tar = spawn('tar', [...form(newest), ...what], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  })
  const ended = endOf(tar)
  try {
    return await keepArchive(tar.stdout, workDir, signal, ended)
  } catch (error) {
    tar.kill('SIGKILL')
    throw error
  }
}

/** An archive in a file of ours; kept when `whole` says that it is. */
export async function keepArchive(
  bytes: AsyncIterable<Uint8Array>,
  workDir: string,
  signal: AbortSignal,
  whole: Promise<void> = Promise.resolve(),
): Promise<PackedLayer> {
  mkdirSync(workDir, { recursive: true }) // at once: Node throws away what a child said that ended with nobody reading
  const path = join(workDir, `${randomUUID()}.tar.gz`)
  const [archive, packed] = [tally(), tally()]
  try {
    await Promise.all([
      pipeline(bytes, through(archive), gzipBlocks, through(packed), createWriteStream(path), { signal }),
      whole,
    ])
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
  return {
    digest: packed.digest(),
    size: packed.size(),
    diffId: archive.digest(),
    open: (from) => createReadStream(path, { start: from }),
    remove: () => rm(path, { force: true }),
  }
}

const form = (newest: Date) => [
  '--create',
  '--format=posix',
  '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime,delete=mtime',
  '--numeric-owner',
  `--mtime=@${Math.floor(newest.getTime() / 1000)}`,
  '--clamp-mtime',
  '--no-xattrs',
  '--no-acls',
  '--no-selinux',
  '--one-file-system',
]

async function endOf(tar: ChildProcessByStdio<null, Readable, Readable>): Promise<void> {
  let said = ''
  tar.stderr.setEncoding('utf8').on('data', (text: string) => void (said = (said + text).slice(-LOG_CHARS_MAX)))
  const [code, signal] = (await once(tar, 'close')) as [number | null, string | null]
  if (code !== 0) throw new Error(`Cannot pack a layer: tar ended with ${signal ?? code}: ${said}`)
}

const through = (seen: ReturnType<typeof tally>) =>
  new Transform({
    transform(chunk: Buffer, _, next) {
      seen.take(chunk)
      next(null, chunk)
    },
  })
