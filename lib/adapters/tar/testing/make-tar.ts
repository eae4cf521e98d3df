import { BLOCK, checksum } from '../header.ts'

export type Made = {
  readonly path: string
  readonly type?: string
  readonly mode?: number
  readonly uid?: number
  readonly size?: number
  readonly target?: string
  readonly bytes?: string
  /** Of a header before this one. */
  readonly pax?: Readonly<Record<string, string>>
  /** For headers that no writer makes. */
  readonly spoil?: (block: Buffer) => void
}

/** A tar archive with exactly what is said, however wrong. */
export const makeTar = (...entries: Made[]): Buffer => Buffer.concat([...entries.flatMap(blocksOf), Buffer.alloc(2 * BLOCK)])

export const folder = (path: string): Made => ({ path: `${path}/`, type: '5', mode: 0o755 })
export const file = (path: string, bytes = ''): Made => ({ path, bytes })
export const link = (path: string, target: string): Made => ({ path, type: '2', target, mode: 0o777 })

function blocksOf({ pax, ...made }: Made): Buffer[] {
  const before = pax ? blocksOf({ path: 'PaxHeaders/x', type: 'x', bytes: Object.entries(pax).map(record).join('') }) : []
  return [...before, headerOf(made), padded(Buffer.from(made.bytes ?? ''))]
}

function record([key, value]: [string, string]): string {
  const rest = ` ${key}=${value}\n`
  let size = Buffer.byteLength(rest)
  while (size !== Buffer.byteLength(`${size}${rest}`)) size = Buffer.byteLength(`${size}${rest}`)
  return `${size}${rest}`
}

function headerOf({
  path,
  type = '0',
  mode = 0o644,
  uid = 0,
  bytes = '',
  size = Buffer.byteLength(bytes),
  target = '',
  spoil,
}: Made) {
  const block = Buffer.alloc(BLOCK)
  const octal = (number: number, digits: number) => `${number.toString(8).padStart(digits, '0')}\0`
  block.write(path, 0, 100)
  block.write(octal(mode, 7), 100)
  block.write(octal(uid, 7), 108)
  block.write(octal(0, 7), 116)
  block.write(octal(size, 11), 124)
  block.write(octal(0, 11), 136)
  block.write(type, 156)
  block.write(target, 157, 100)
  block.write('ustar\x0000', 257, 'latin1')
  spoil?.(block)
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)])
