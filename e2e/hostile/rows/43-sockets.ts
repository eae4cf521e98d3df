/**
 * Sockets of families that reach the host, its kernel or its hypervisor (AF_ALG and AF_VSOCK were open in well-known default filters).
 * Expected: only unix, IPv4, IPv6 and routing netlink sockets open.
 */
import type { Attack } from '../attack.ts'
import { errnoTable } from '../golden.ts'

export const attack: Attack = {
  number: 43,
  what: 'AF_PACKET, AF_ALG, AF_VSOCK, AF_NETLINK, raw ICMP and other families',
  expected: 'the errno table is the golden one: only unix, IPv4, IPv6 and routing netlink sockets open',
  quick: true,
  through: 'quick',
  needs: ['gcc'],
  act: errnoTable('sockets'),
}
