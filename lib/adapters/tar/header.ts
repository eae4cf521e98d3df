export const BLOCK = 512

export type Header = {
  readonly path: string
  readonly type: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly target: string
}

const MODE_MAX = 0o7777

/** One header block, or what is wrong with it. */
export function readHeader(block: Buffer): Header | string {
  const number = (from: number, to: number) => octal(block.subarray(from, to))
  if (block.toString('latin1', 257, 263) !== 'ustar\0' || block.toString('latin1', 263, 265) !== '00') {
    return 'it is no POSIX archive'
  }
  if (number(148, 156) !== checksum(block)) return 'the checksum of a header is wrong'
  const [mode, uid, gid, size] = [number(100, 108), number(108, 116), number(116, 124), number(124, 136)]
  if (mode === undefined || uid === undefined || gid === undefined || size === undefined) return 'a number in a header is none'
  if (mode > MODE_MAX) return 'a mode has more than permissions'
  const [name, prefix, target] = [text(block, 0, 100), text(block, 345, 500), text(block, 157, 257)]
  if (name === undefined || prefix === undefined || target === undefined) return 'a name in a header goes on behind its end'
  const path = prefix === '' ? name : `${prefix}/${name}`
  return { path, type: block.toString('latin1', 156, 157), mode, uid, gid, size, target }
}

/** Digits, then blanks or zeros; GNU's base 256 has its first bit set and is none of these. */
function octal(field: Buffer): number | undefined {
  const digits = /^ *([0-7]*)[ \0]*$/.exec(field.toString('latin1'))?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits || '0', 8)
}

/** Undefined when there is more behind the zero that ends it. */
function text(block: Buffer, from: number, to: number): string | undefined {
  const field = block.subarray(from, to)
  const end = field.indexOf(0)
  if (end < 0) return field.toString('utf8')
  return field.subarray(end).every((byte) => byte === 0) ? field.toString('utf8', 0, end) : undefined
}

/** The sum of all bytes, those of the sum itself taken for blanks. */
export function checksum(block: Buffer): number {
  let sum = 8 * 0x20
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0
  return sum
}
