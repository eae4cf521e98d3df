import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline, type Readable } from 'node:stream'
import { pipeline as pipelined } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

import type { AgentArchives } from '#lib/application/ports/agent-archives.ts'
import { AGENT_BYTES_MAX, AGENT_FILE } from '#lib/domain/agent-release.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { byteQueue } from './byte-queue.ts'
import { BLOCK, readHeader } from './header.ts'
import { pack } from './pack.ts'

/** Who runs it is nobody that the archive knows, and when it was built says nothing that its version does not. */
const SAME_EACH_TIME = ['--owner=0', '--group=0', '--mode=0755']
const NEWEST = new Date(0)
const PIECE_BYTES = 64 * 1024
/** Writers fill up to 20 blocks; nothing needs more. */
const END_BLOCKS_MAX = 64

/** One file in a POSIX archive, packed by gzip. What is packed is kept in `workDir` until it is removed. */
export const tarAgentArchives = (workDir: string): AgentArchives => ({
  async pack(folder, signal) {
    const what = [...SAME_EACH_TIME, `--directory=${folder}`, AGENT_FILE]
    const { digest, size, open, remove } = await pack(what, workDir, { newest: NEWEST, signal })
    return { digest, size, open: () => open(0), remove }
  },
  unpack: (archive, folder) => unpack(archive, join(folder, AGENT_FILE)),
})

async function unpack(archive: Readable, path: string): Promise<Result<void, { code: 'bad_archive'; why: string }>> {
  const gunzip = createGunzip()
  // Destroying one destroys both, and what went wrong with either is seen on the last.
  pipeline(archive, gunzip, () => undefined)
  try {
    // `flush` brings the bytes to the disk before the file is closed.
    const to = createWriteStream(path, { flags: 'wx', mode: 0o755, flush: true })
    await pipelined(onlyFile(gunzip), to)
    return ok(undefined)
  } catch (error) {
    if (error instanceof Bad) return err({ code: 'bad_archive', why: error.message })
    if (isBadGzip(error)) return err({ code: 'bad_archive', why: 'it is not packed as it should be' })
    throw archive.errored ?? error
  }
}

/** The bytes of the archive's one file, strictly: what else is in it, or stands in it otherwise, ends it. */
async function* onlyFile(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const queue = byteQueue(bytes)
  const take = async (count: number) => (await queue.take(count)) ?? bad('it ends too early')
  try {
    const header = readHeader(await take(BLOCK))
    if (typeof header === 'string') return bad(header)
    if (header.path !== AGENT_FILE || header.type !== '0') return bad(`it holds something else than the file "${AGENT_FILE}"`)
    if (header.size > AGENT_BYTES_MAX) return bad(`the program has more than ${AGENT_BYTES_MAX} bytes`)
    for (let left = header.size; left > 0; left -= PIECE_BYTES) yield await take(Math.min(left, PIECE_BYTES))
    await take((BLOCK - (header.size % BLOCK)) % BLOCK)
    let ends = 0
    for (; !(await queue.isAtEnd()); ends++) {
      const isEnd = (await take(BLOCK)).every((byte) => byte === 0)
      if (!isEnd || ends === END_BLOCKS_MAX) return bad('there is more in it than the program')
    }
    if (ends < 2) return bad('it has no end')
  } finally {
    await queue.close()
  }
}

class Bad extends Error {}
function bad(why: string): never {
  throw new Bad(why)
}

const isBadGzip = (error: unknown) => error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
