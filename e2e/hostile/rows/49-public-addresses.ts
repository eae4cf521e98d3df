/**
 * TCP, UDP and ICMP to public addresses of both families; playgrounds that allowed it ended in abuse reports (Riju 2022).
 * Expected: the sandbox has no interface but loopback, so each attempt fails at once, not after a timeout.
 */
import type { Attack } from '../attack.ts'
import { assertNoInterface, hasNoWay, shown, tcp, tryAddresses, udp } from '../network.ts'
import { said, sh } from '../programs.ts'

const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '93.184.216.34',
  '2606:4700:4700::1111',
  '2001:4860:4860::8888',
  '255.255.255.255',
  '224.0.0.1',
]

export const attack: Attack = {
  number: 49,
  what: 'TCP, UDP and ICMP to public addresses, IPv4 and IPv6',
  expected: 'refused within a second, each of them',
  quick: true,
  through: 'quick',
  async act(actor, { expect }) {
    await assertNoInterface(actor)
    const answers = await tryAddresses(
      actor,
      PUBLIC.flatMap((host) => [tcp(host, 443), tcp(host, 25), udp(host, 443)]),
    )
    for (const answer of answers) expect(hasNoWay(answer), shown(answer))
    const { output } = await actor.run(
      sh(
        `for tool in 'ping -c 1 -W 3 1.1.1.1' 'ping -6 -c 1 -W 3 2606:4700:4700::1111'; do $tool >/dev/null 2>&1 && echo "= $tool answered"; done`,
      ),
    )
    expect(said(output).length === 0, said(output).join(', '))
  },
}
