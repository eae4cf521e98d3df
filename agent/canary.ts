import { tryConnect } from './libc.ts'

const AF_INET = 2
const AF_INET6 = 10

/** Cloud metadata, and public resolvers over both families: whatever leads out leads to one of them. */
const OUTSIDE = [
  { family: AF_INET, address: inet4([169, 254, 169, 254], 80) },
  { family: AF_INET, address: inet4([1, 1, 1, 1], 53) },
  { family: AF_INET6, address: inet6('20014860486000000000000000008888', 53) },
]

// EPERM EACCES EAFNOSUPPORT EADDRNOTAVAIL ENETDOWN ENETUNREACH EHOSTUNREACH: the kernel refused before a packet left.
const REFUSED: ReadonlySet<number> = new Set([1, 13, 97, 99, 100, 101, 113])

/**
 * Tries to reach the network. Anything but a refusal on the spot is `open`: a connection under way has sent a packet,
 * and a firewall that merely drops it cannot be told from a slow network.
 */
export function tryNetwork(): 'blocked' | 'open' {
  return OUTSIDE.every(({ family, address }) => REFUSED.has(tryConnect(family, address))) ? 'blocked' : 'open'
}

function inet4(ip: readonly number[], port: number): Uint8Array {
  const address = Buffer.alloc(16)
  address.writeUInt16LE(AF_INET, 0)
  address.writeUInt16BE(port, 2)
  address.set(ip, 4)
  return address
}

function inet6(hex: string, port: number): Uint8Array {
  const address = Buffer.alloc(28)
  address.writeUInt16LE(AF_INET6, 0)
  address.writeUInt16BE(port, 2)
  address.write(hex, 8, 'hex')
  return address
}
