import type { IncomingMessage } from 'node:http'
import { isIPv4, isIPv6 } from 'node:net'

/**
 * Whose address a request counts against: the peer's, or with `hops` trusted proxies the entry that the outermost of
 * them added to X-Forwarded-For. IPv6 counts by /64, since one visitor has all of it.
 */
export function addressOf(request: Pick<IncomingMessage, 'headers' | 'socket'>, hops: number): string {
  const peer = request.socket.remoteAddress ?? ''
  const header = request.headers['x-forwarded-for']
  const chain = hops > 0 && typeof header === 'string' ? header.split(',').map((part) => part.trim()) : []
  const claimed = chain.at(-hops)
  return network(claimed && (isIPv4(claimed) || isIPv6(claimed)) ? claimed : peer)
}

function network(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return mapped
  if (!isIPv6(address)) return address
  return `${groups(address).slice(0, 4).join(':')}::/64`
}

function groups(address: string): string[] {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const left = head ? head.split(':') : []
  const right = tail ? tail.split(':') : []
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  return [...left, ...Array.from({ length: Math.max(0, zeros) }, () => '0'), ...right].map((group) =>
    group.toLowerCase().replace(/^0+(?=.)/, ''),
  )
}
