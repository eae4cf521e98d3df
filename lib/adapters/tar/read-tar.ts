import type { LayerEntry, LayerFault } from '#lib/domain/layer-entry.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { byteQueue } from './byte-queue.ts'
import { BLOCK, type Header, readHeader } from './header.ts'
import { type Pax, parsePax } from './pax.ts'

const PAX_BYTES_MAX = 64 * 1024

/**
 * The entries of a tar archive, strictly: POSIX with pax headers, as we write them. What other readers would read in
 * another way (GNU's long names and sparse files, global headers, numbers in base 256, bytes behind the end) is a fault.
 */
export async function* readTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Result<LayerEntry, LayerFault>> {
  const queue = byteQueue(bytes)
  const fault = (code: LayerFault['code'], why: string, path = '') => err({ code, path, why })
  try {
    for (;;) {
      let block = await queue.take(BLOCK)
      if (!block) return yield fault('truncated', 'the archive has no end')
      if (isZero(block)) break

      let pax: Pax | undefined
      let header: Header | string = readHeader(block)
      if (typeof header === 'string') return yield fault('bad_archive', header)
      if (header.type === 'x') {
        if (header.size > PAX_BYTES_MAX) return yield fault('bad_archive', 'an extended header is too long')
        const records = await queue.take(padded(header.size))
        const parsed = records && parsePax(records.subarray(0, header.size))
        block = await queue.take(BLOCK)
        if (!parsed || !block) return yield fault('truncated', 'it ends in an extended header')
        if (!parsed.ok) return yield err({ ...parsed.error, path: header.path })
        pax = parsed.value
        header = readHeader(block)
        if (typeof header === 'string') return yield fault('bad_archive', header)
        if (header.type === 'x') return yield fault('bad_archive', 'an extended header follows another')
      }
      const entry = entryOf(header, pax ?? {})
      yield entry
      if (!entry.ok) return
      if (!(await queue.skip(padded(entry.value.size)))) return yield fault('truncated', 'it ends in a file', entry.value.path)
    }
    // A second block of zeros ends an archive; writers fill up with more of them.
    const second = await queue.take(BLOCK)
    if (!second || !isZero(second)) return yield fault('truncated', 'half of its end is missing')
    while (!(await queue.isAtEnd())) {
      const rest = await queue.take(BLOCK)
      if (!rest || !isZero(rest)) return yield fault('bad_archive', 'there are bytes behind its end')
    }
  } finally {
    await queue.close()
  }
}

const KINDS: Readonly<Record<string, LayerEntry['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'folder',
}
const REFUSED: Readonly<Record<string, string>> = {
  '3': 'a device',
  '4': 'a device',
  '6': 'a named pipe',
  '7': 'a contiguous file',
  g: 'a header for all that follows',
  L: "GNU's long name",
  K: "GNU's long link",
  S: "GNU's sparse file",
}

function entryOf(header: Header, pax: Pax): Result<LayerEntry, LayerFault> {
  const path = withoutDots(pax.path ?? header.path)
  const kind = KINDS[header.type]
  const fault = (code: LayerFault['code'], why: string) => err({ code, path, why })
  if (!kind) return fault('bad_kind', `it is ${REFUSED[header.type] ?? 'of a kind that nobody knows'}`)
  const size = pax.size ?? header.size
  if (kind !== 'file' && size > 0) return fault('bad_archive', 'it has bytes and is no file')
  const target = pax.linkpath ?? header.target
  return ok({
    path,
    kind,
    mode: header.mode,
    uid: pax.uid ?? header.uid,
    gid: pax.gid ?? header.gid,
    size,
    target: kind === 'hardlink' ? withoutDots(target) : target,
  })
}

/** `./a/` is `a`; nothing else is forgiven. */
const withoutDots = (path: string) => (path === '.' ? '' : path.replace(/^\.\//, '').replace(/\/$/, ''))
const padded = (size: number) => Math.ceil(size / BLOCK) * BLOCK
const isZero = (block: Buffer) => block.every((byte) => byte === 0)
