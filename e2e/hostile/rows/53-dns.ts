/**
 * Data carried out in names: long labels asked of a resolver, of the machine's own addresses by UDP and TCP, and of public
 * resolvers. Expected: there is no resolver, a name that is not in /etc/hosts is unknown at once, and the sinkholes on
 * this machine hear nothing (the traps look).
 */
import type { Attack } from '../attack.ts'
import { assertNoInterface, hasNoWay, REFUSED_MS_MAX, shown, tcp, tryAddresses, udp } from '../network.ts'
import { ownAddress } from '../oracles/traps.ts'
import { perl, said } from '../programs.ts'

const DNS = 53
const RESOLVERS = ['1.1.1.1', '8.8.8.8', '9.9.9.9', '2606:4700:4700::1111', '10.96.0.10', '169.254.20.10']
const LABEL = 'x'.repeat(60)

const RESOLVE = `
for my $name (@ARGV) {
  my $began = time;
  print "= ", gethostbyname($name) ? 'known' : 'unknown', ' ', 1000 * (time - $began), "\\n";
}`

export const attack: Attack = {
  number: 53,
  what: 'Long names to resolvers, by UDP and TCP',
  expected: 'no resolver is there or can be reached; the sinkholes hear nothing',
  quick: true,
  through: 'full',
  async act(actor, { expect }) {
    await assertNoInterface(actor)
    const names = [`${LABEL}.${LABEL}.example.com`, 'kubernetes.default.svc.cluster.local', 'example.com']
    const lines = said((await actor.run(perl(RESOLVE, ...names))).output)
    expect(lines.length === names.length, `only ${lines.length} names were asked for`)
    for (const line of lines) expect(line.startsWith('unknown') && Number(line.split(' ')[1]) <= REFUSED_MS_MAX, line)

    const hosts = [...RESOLVERS, ...ownAddress()]
    const answers = await tryAddresses(
      actor,
      hosts.flatMap((host) => [udp(host, DNS), tcp(host, DNS)]),
    )
    for (const answer of answers) expect(hasNoWay(answer), shown(answer))
  },
}
