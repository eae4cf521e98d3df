import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

import { tally } from '#lib/application/ports/checked-bytes.ts'
import type { DebControl, Debs, PackedDeb } from '#lib/application/ports/debs.ts'
import { ok } from '#lib/domain/result.ts'
import { archiveMember, controlText } from './deb-format.ts'
import { measureTree } from './package-tree.ts'

/** Everything in a package is dated so, whenever it is made. */
const EPOCH = 946_684_800
const GZIP_LEVEL = 4
const SAID_CHARS_MAX = 10_000

/** Packages put together by this machine's tar, without its dpkg. What is packed is below `workDir` until it is removed. */
export const debianDebs = (workDir: string): Debs => ({
  async pack(control, folder, signal) {
    const tree = folder === undefined ? ok({ bytes: 0 }) : await measureTree(folder, signal)
    if (!tree.ok) return tree
    const work = join(workDir, `deb-${randomUUID()}`)
    const remove = () => rm(work, { recursive: true, force: true })
    try {
      return ok({ ...(await assemble(control, folder, { work, bytes: tree.value.bytes, signal })), remove })
    } catch (error) {
      await remove()
      throw error
    }
  },
})

type How = { readonly work: string; readonly bytes: number; readonly signal: AbortSignal }

async function assemble(control: DebControl, folder: string | undefined, { work, bytes, signal }: How) {
  const [controlFolder, empty] = [join(work, 'control'), join(work, 'empty')]
  for (const made of [controlFolder, empty]) await mkdir(made, { recursive: true, mode: 0o755 })
  await writeFile(join(controlFolder, 'control'), controlText(control, bytes), { mode: 0o644 })
  const parts = ['control.tar.gz', 'data.tar.gz'].map((name) => join(work, name))
  const [controlPart = '', dataPart = ''] = parts
  await packFolder(controlFolder, controlPart, signal)
  await packFolder(folder ?? empty, dataPart, signal)

  const path = join(work, 'out.deb')
  const whole = tally()
  await pipeline(members(parts), through(whole), createWriteStream(path), { signal })
  for (const part of parts) await rm(part)
  const open = (from: number) => createReadStream(path, { start: from })
  return { digest: whole.digest(), size: whole.size(), open } satisfies Omit<PackedDeb, 'remove'>
}

async function* members(parts: readonly string[]): AsyncGenerator<Buffer> {
  yield* archiveMember('debian-binary', 4, [Buffer.from('2.0\n')], EPOCH)
  for (const part of parts) {
    const { size } = await stat(part)
    yield* archiveMember(part.slice(part.lastIndexOf('/') + 1), size, createReadStream(part) as AsyncIterable<Buffer>, EPOCH)
  }
}

/** In GNU's form, the only one with long names that dpkg reads; tar follows no link, and stays in the folder's file system. */
async function packFolder(folder: string, to: string, signal: AbortSignal): Promise<void> {
  const form = ['--format=gnu', '--sort=name', '--numeric-owner', '--owner=0', '--group=0', `--mtime=@${EPOCH}`]
  const rights = ['--mode=u+rwX,go-w,a+rX,ug-s,o-t', '--no-xattrs', '--no-acls', '--no-selinux', '--one-file-system']
  const tar = spawn('tar', ['--create', ...form, ...rights, `--directory=${folder}`, '.'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  })
  let said = ''
  tar.stderr.setEncoding('utf8').on('data', (text: string) => void (said = (said + text).slice(-SAID_CHARS_MAX)))
  const packing = pipeline(tar.stdout, createGzip({ level: GZIP_LEVEL }), createWriteStream(to), { signal })
  try {
    const [[code]] = (await Promise.all([once(tar, 'close'), packing])) as [[number | null], void]
    if (code !== 0) throw new Error(`Cannot pack a package: tar ended with ${code}: ${said}`)
  } catch (error) {
    tar.kill('SIGKILL')
    throw error
  }
}

const through = (seen: ReturnType<typeof tally>) =>
  new Transform({
    transform(chunk: Buffer, _, next) {
      seen.take(chunk)
      next(null, chunk)
    },
  })
