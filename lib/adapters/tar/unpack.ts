import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { lstat, mkdir, opendir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline as pipelineInto, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'

import { gunzip } from './gunzip.ts'
import { readTar } from './read-tar.ts'

const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'
/** Of as many files as an image may have, the owners. */
const OWNERS_BYTES_MAX = 16 * 1024 * 1024
const run = promisify(execFile)

type Options = { readonly shiftBy?: number; readonly signal: AbortSignal }

/**
 * Lays layers over each other. Only for those that were linted together: then no path leads through a link, and none out.
 */
export async function unpackAll(layers: readonly (() => Promise<Readable>)[], workDir: string, { shiftBy = 0, signal }: Options) {
  const path = join(workDir, `root-${randomUUID()}`)
  const remove = () => rm(path, { recursive: true, force: true })
  await mkdir(path, { recursive: true })
  try {
    for (const [n, open] of layers.entries()) await unpack(open, path, n === 0, signal)
    if (shiftBy > 0) await shiftOwners(path, shiftBy)
  } catch (error) {
    await remove()
    throw error
  }
  return { path, remove }
}

async function unpack(open: () => Promise<Readable>, folder: string, isFirst: boolean, signal: AbortSignal): Promise<void> {
  if (!isFirst) await makeRoom(await open(), folder)
  const args = [
    '--extract',
    '--ignore-zeros', // reads to the end of its input: at the archive's own end it would leave while we still write
    '--numeric-owner',
    process.getuid?.() === 0 ? '--same-owner' : '--no-same-owner',
    '--same-permissions',
    '--delay-directory-restore',
    `--exclude=${WHITEOUT}*`,
  ]
  const tar = spawn('tar', [...args, `--directory=${folder}`], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, LC_ALL: 'C' },
  })
  let said = ''
  tar.stderr.setEncoding('utf8').on('data', (text: string) => void (said = (said + text).slice(-2000)))
  try {
    const [[code]] = await Promise.all([once(tar, 'close'), pipeline(await open(), gunzip(), tar.stdin, { signal })])
    if (code !== 0) throw new Error(`Cannot unpack a layer: tar ended with ${code}: ${said}`)
  } catch (error) {
    tar.kill('SIGKILL')
    throw error
  }
}

/** Takes away what the layer removes, and what it has as another kind of thing. */
async function makeRoom(packed: Readable, folder: string): Promise<void> {
  const unpacked = gunzip()
  pipelineInto(packed, unpacked, (error) => error && unpacked.destroy(error))
  for await (const entry of readTar(unpacked)) {
    if (!entry.ok) throw new Error(`Cannot unpack a layer: ${entry.error.why}`)
    const { path, kind } = entry.value
    const [at, name] = [join(folder, path), path.slice(path.lastIndexOf('/') + 1)]
    if (name === OPAQUE) await emptyFolder(dirname(at))
    else if (name.startsWith(WHITEOUT)) await rm(join(dirname(at), name.slice(WHITEOUT.length)), { recursive: true, force: true })
    else {
      const there = await lstat(at).catch(() => undefined)
      if (there && there.isDirectory() !== (kind === 'folder')) await rm(at, { recursive: true })
    }
  }
}

async function emptyFolder(folder: string): Promise<void> {
  for await (const entry of await opendir(folder)) await rm(join(folder, entry.name), { recursive: true })
}

/** Gives every file to the id so much higher, so that a user namespace has it as it was. */
async function shiftOwners(root: string, by: number): Promise<void> {
  const { stdout } = await run('find', [root, '-printf', '%U:%G\\n'], { maxBuffer: OWNERS_BYTES_MAX })
  for (const owner of new Set(stdout.trim().split('\n'))) {
    const [uid, gid] = owner.split(':').map(Number)
    if (uid === undefined || gid === undefined) throw new Error(`Cannot shift the owners of ${root}: "${owner}" is none`)
    // A file of two names is another's by the second: it is given once.
    await run('chown', ['-R', '-P', '-h', `--from=+${uid}:+${gid}`, `+${uid + by}:+${gid + by}`, root])
  }
}
