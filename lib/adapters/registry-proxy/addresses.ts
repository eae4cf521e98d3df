import { lookup } from 'node:dns/promises'
import { BlockList, isIPv6 } from 'node:net'

/** Of this machine, of its network, of clouds' metadata: where no public registry is. */
const PRIVATE_IPV4: readonly (readonly [net: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['224.0.0.0', 3],
]
/** The mapped forms of IPv4 too: a public registry has a plain address. */
const PRIVATE_IPV6: readonly (readonly [net: string, bits: number])[] = [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
]

// One list for each: a list takes a plain address for one of the mapped form too.
const [ipv4, ipv6] = [new BlockList(), new BlockList()]
for (const [net, bits] of PRIVATE_IPV4) ipv4.addSubnet(net, bits, 'ipv4')
for (const [net, bits] of PRIVATE_IPV6) ipv6.addSubnet(net, bits, 'ipv6')

export const isPrivate = (address: string) => (isIPv6(address) ? ipv6.check(address, 'ipv6') : ipv4.check(address, 'ipv4'))

/** The one address that is then dialled, so that nobody's second answer counts. Rejects when there is none. */
export async function addressOf(host: string, mayBePrivate: boolean): Promise<string> {
  const found = await lookup(host.replace(/^\[(.*)\]$/, '$1'), { all: true })
  const usable = found.find(({ address }) => mayBePrivate || !isPrivate(address))
  if (usable) return usable.address
  throw new Error(`"${host}" has only private addresses; who wants them names it in the options`)
}
