/**
 * The addresses where clouds hand out credentials, also written as one number, in hexadecimal and inside IPv6, and by name.
 * Expected: no way there, at once.
 */
import type { Attack } from '../attack.ts'
import { assertNoInterface, hasNoWay, REFUSED_MS_MAX, shown, tcp, tryAddresses } from '../network.ts'
import { perl, said } from '../programs.ts'

const ADDRESSES = [
  '169.254.169.254',
  'fd00:ec2::254',
  '100.100.100.200',
  '169.254.170.2',
  '192.0.0.192',
  '::ffff:169.254.169.254',
  'fe80::a9fe:a9fe',
]
/** As a URL could write them; a resolver of names turns them into the same. */
const NAMES = [
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  'metadata.google.internal',
  'metadata',
  'instance-data.ec2.internal',
]

const BY_NAME = `
use Errno; use Socket;
for my $name (@ARGV) {
  my $began = time;
  my $packed = inet_aton($name);
  my $answer = 'unknown';
  if ($packed) {
    socket my $s, AF_INET, SOCK_STREAM, 0;
    $answer = connect($s, pack_sockaddr_in(80, $packed)) ? 'done' : (grep { $!{$_} } keys %!)[0];
  }
  print "= $name $answer ", 1000 * (time - $began), "\\n";
}`

export const attack: Attack = {
  number: 50,
  what: "The clouds' metadata addresses in every spelling",
  expected: 'no way there, within a second',
  quick: true,
  through: 'full',
  async act(actor, { expect }) {
    await assertNoInterface(actor)
    for (const answer of await tryAddresses(
      actor,
      ADDRESSES.map((host) => tcp(host, 80)),
    ))
      expect(hasNoWay(answer), shown(answer))

    const lines = said((await actor.run(perl(BY_NAME, ...NAMES))).output)
    expect(lines.length === NAMES.length, `only ${lines.length} names were tried`)
    for (const line of lines) {
      const [, answer, ms] = line.split(' ')
      expect(['unknown', 'ENETUNREACH'].includes(answer ?? '') && Number(ms) <= REFUSED_MS_MAX, line)
    }
  },
}
