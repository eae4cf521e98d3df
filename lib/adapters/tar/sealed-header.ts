import { BLOCK, checksum } from './header.ts'

/** The last entry. */
export const SEAL = 'seal'
const NAME_BYTES_MAX = 100
/** Eleven octal digits. */
const SIZE_MAX = 0o77777777777

/** The one header that a file of this name and size has. */
export function sealedHeader(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > NAME_BYTES_MAX || size > SIZE_MAX) throw new Error(`Cannot write "${name}": it is too long`)
  const block = Buffer.alloc(BLOCK)
  block.write(name, 0)
  for (const [at, digits] of [
    [100, '0000644'],
    [108, '0000000'],
    [116, '0000000'],
    [124, size.toString(8).padStart(11, '0')],
    [136, '00000000000'],
  ] as const)
    block.write(digits, at)
  block.write('0', 156)
  block.write('ustar\x0000', 257, 'latin1')
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** The zeros that fill up the last block of so many bytes. */
export const fillOf = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)
