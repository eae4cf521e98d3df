/** What stands at one path of a tree, to be written into an archive. Names are bytes: each is the letter of that number. */
export type TarEntry = {
  readonly kind: 'file' | 'folder' | 'symlink' | 'hardlink' | 'fifo'
  readonly path: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Of a file; its bytes follow the head. */
  readonly size: number
  readonly modifiedSeconds: number
  /** The archive's newest time, which extended headers have. */
  readonly newestSeconds: number
  /** Of both kinds of links. */
  readonly target: string
}

const BLOCK = 512
/** GNU tar writes so many blocks at once, the last time too. */
const RECORD_BYTES = 20 * BLOCK
const NAME_BYTES = 100
const PAX_MODE = 0o644
const TYPE = { file: '0', hardlink: '1', symlink: '2', folder: '5', fifo: '6', pax: 'x' } as const
/** Beyond ASCII. */
const ABOVE_ASCII = /[\u0080-\u00ff]/

/**
 * The head of one entry, byte for byte as GNU tar writes it in POSIX form with numbers for owners and nothing in its extended
 * headers but names: who packs the same tree by either gets the same digest.
 */
export function tarHead({ kind, path, target, ...entry }: TarEntry): Buffer {
  const name = kind === 'folder' ? `${path}/` : path
  const long = [
    ...(target.length > NAME_BYTES ? [record('linkpath', target)] : []),
    ...(name.length > NAME_BYTES || ABOVE_ASCII.test(name) ? [record('path', name)] : []),
  ].join('')
  const head = block({ ...entry, name, target, type: TYPE[kind], size: kind === 'file' ? entry.size : 0 })
  if (long === '') return head
  const extended = { ...entry, name: extendedName(path), target: '', type: TYPE.pax, mode: PAX_MODE, uid: 0, gid: 0 }
  return Buffer.concat([
    block({ ...extended, modifiedSeconds: entry.newestSeconds, size: long.length }),
    padded(Buffer.from(long, 'latin1')),
    head,
  ])
}

/** What comes behind a file's bytes. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)

/** What comes behind everything, which was so long. */
export function tarEnd(bytes: number): Buffer {
  const whole = Math.ceil((bytes + 2 * BLOCK) / RECORD_BYTES) * RECORD_BYTES
  return Buffer.alloc(whole - bytes)
}

type Head = Omit<TarEntry, 'kind' | 'path'> & { readonly name: string; readonly type: string }

function block({ name, target, type, ...entry }: Head): Buffer {
  const head = Buffer.alloc(BLOCK)
  head.write(name.slice(0, NAME_BYTES), 0, 'latin1')
  octal(head, 100, 8, entry.mode)
  octal(head, 108, 8, entry.uid)
  octal(head, 116, 8, entry.gid)
  octal(head, 124, 12, entry.size)
  octal(head, 136, 12, entry.modifiedSeconds)
  head.write(type, 156, 'latin1')
  head.write(target.slice(0, NAME_BYTES), 157, 'latin1')
  head.write('ustar\u000000', 257, 'latin1')
  if (type !== TYPE.pax) for (const at of [329, 337]) octal(head, at, 8, 0)
  head.write(`${checksum(head).toString(8).padStart(6, '0')}\u0000 `, 148, 'latin1')
  return head
}

function octal(head: Buffer, at: number, width: number, value: number): void {
  const digits = value.toString(8)
  if (!Number.isSafeInteger(value) || value < 0 || digits.length >= width) {
    throw new Error(`Cannot write ${value} into ${width} bytes of an archive's header`)
  }
  head.write(digits.padStart(width - 1, '0'), at, 'latin1')
}

/** The sum of all bytes, those of the sum itself taken for blanks. */
function checksum(head: Buffer): number {
  let sum = 8 * 0x20
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += head[at] ?? 0
  return sum
}

/** `27 path=a/long/name` and a newline; the number counts all of the record, itself too. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return `${length}${rest}`
}

function extendedName(path: string): string {
  const slash = path.lastIndexOf('/')
  return `${slash < 0 ? '.' : path.slice(0, slash)}/PaxHeaders/${path.slice(slash + 1)}`
}

const padded = (bytes: Buffer) => Buffer.concat([bytes, tarPadding(bytes.length)])
