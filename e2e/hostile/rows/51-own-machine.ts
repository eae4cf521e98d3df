/**
 * This machine itself: the server's own port, the database, listeners on loopback and on the machine's address, and the
 * ports of a cluster's parts. A network policy does not hold a pod off its own node. Expected: a scan of all ports finds
 * none open, and what listens on the host hears nothing (the traps look).
 */
import type { Attack } from '../attack.ts'
import { assertNoInterface, hasNoWay, shown, tcp, tryAddresses, udp } from '../network.ts'
import { ownAddress } from '../oracles/traps.ts'
import { perl, said } from '../programs.ts'

/** API server, kubelet, node exporter, registry, PostgreSQL, etcd, Docker. */
const PORTS = [6443, 10_250, 9100, 5000, 5432, 2379, 2375]
const LOOPBACK = ['127.0.0.1', '::1']

const SCAN = `
use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);
my $open = 0;
for my $port (1..65535) {
  for (pack_sockaddr_in($port, inet_aton('127.0.0.1')), pack_sockaddr_in6($port, inet_pton(AF_INET6, '::1'))) {
    socket my $s, sockaddr_family($_), SOCK_STREAM, 0;
    # Among its own outgoing ports a socket can meet itself.
    if (connect $s, $_ and getsockname $s ne getpeername $s) { $open++; print "= open $port\\n" }
  }
}
print "= scanned\\n"`

export const attack: Attack = {
  number: 51,
  what: "The machine's own ports, on loopback and on its own addresses",
  expected: 'none is open, and no listener of the host hears anything',
  quick: true,
  through: 'full',
  async act(actor, { expect, server, traps }) {
    await assertNoInterface(actor)
    const port = Number(new URL(server.url).port)
    const own = ownAddress()
    const listeners = traps.all.map((trap) => (trap.udp ? udp(trap.host, trap.port) : tcp(trap.host, trap.port)))
    const attempts = [...[...LOOPBACK, ...own].flatMap((host) => [port, ...PORTS].map((each) => tcp(host, each))), ...listeners]
    for (const answer of await tryAddresses(actor, attempts)) {
      const isLoopback = answer.host === '::1' || answer.host.startsWith('127.')
      // On its own, empty loopback a connection is refused, and a datagram goes nowhere.
      const isOwn = isLoopback && (answer.errno === 'ECONNREFUSED' || (answer.kind === 'udp' && answer.errno === 'done'))
      expect(isOwn || hasNoWay(answer), shown(answer))
    }
    const { output } = await actor.run(perl(SCAN))
    expect(said(output).join() === 'scanned', `a scan of loopback found ${said(output).slice(0, 10).join(', ')}`)
  },
}
