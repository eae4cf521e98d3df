import { parseAddress } from './libc.ts'

/** The size of the whole, and where in it the address stands. */
const V4 = { family: 2, bytes: 16, address: 4, at: 4 }
const V6 = { family: 10, bytes: 28, address: 16, at: 8 }

/** `1.2.3.4:80` or `[::1]:80` as the kernel takes it (a `struct sockaddr`); undefined when it is neither. */
export function placeOf(target: string): Uint8Array | undefined {
  const [, v6, v4, port] = /^(?:\[([^\]]+)\]|([\d.]+)):(\d{1,5})$/.exec(target) ?? []
  const { family, bytes, address, at } = v6 === undefined ? V4 : V6
  const parsed = parseAddress(family, v6 ?? v4 ?? '')
  if (!parsed || Number(port) > 0xffff) return undefined
  const place = Buffer.alloc(bytes)
  place.writeUInt16LE(family, 0)
  place.writeUInt16BE(Number(port), 2)
  place.set(parsed.subarray(0, address), at)
  return place
}
