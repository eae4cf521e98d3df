/**
 * Other sessions: a listener on a neighbour's loopback, its sockets by path and by abstract name, and its own agent's
 * socket. Expected: the neighbour hears nothing, the kernel shows no socket that is not its own, and the agent's is not
 * to be found.
 */
import type { Attack } from '../attack.ts'
import { assertNoInterface, tcp, tryAddresses } from '../network.ts'
import { perl, said, sh } from '../programs.ts'

const PORT = 8642
const NAME = 'neighbour'

const LISTEN = `
use Socket;
$| = 1;
socket my $tcp, AF_INET, SOCK_STREAM, 0; bind $tcp, pack_sockaddr_in(${PORT}, INADDR_ANY); listen $tcp, 5;
socket my $abstract, AF_UNIX, SOCK_STREAM, 0; bind $abstract, pack('S a*', AF_UNIX, "\\0${NAME}"); listen $abstract, 5;
socket my $path, AF_UNIX, SOCK_STREAM, 0; bind $path, pack_sockaddr_un('/tmp/${NAME}'); listen $path, 5;
print "listening\\n";
for (;;) {
  my $ready = ''; vec($ready, fileno $_, 1) = 1 for $tcp, $abstract, $path;
  select $ready, undef, undef, undef;
  print "= hit\\n"; sleep 1;
}`

const REACH = `
use Errno; use Socket;
for (['abstract', pack('S a*', AF_UNIX, "\\0${NAME}")], ['path', pack_sockaddr_un('/tmp/${NAME}')], ['agent', pack_sockaddr_un('/run/dragoman/agent.sock')]) {
  socket my $s, AF_UNIX, SOCK_STREAM, 0;
  print "= $_->[0] ", connect($s, $_->[1]) ? 'done' : (grep { $!{$_} } keys %!)[0], "\\n";
}
open my $unix, '<', '/proc/net/unix'; <$unix>;
while (<$unix>) { my $name = (split)[7]; print "= unix $name\\n" if defined $name }`

const SOCKETS = String.raw`find / -xdev -type s 2>/dev/null | sed 's/^/= socket /'
find /tmp /dev /run /home -type s 2>/dev/null | sed 's/^/= socket /'
ls /proc/1/fd 2>/dev/null | sed 's/^/= agent fd /'`

export const attack: Attack = {
  number: 52,
  what: "A neighbour's listeners and its own agent's socket",
  expected: 'none can be reached or even seen',
  quick: true,
  async act(actor, { expect, open }) {
    await assertNoInterface(actor)
    const neighbour = await open()
    await neighbour.begin(perl(LISTEN))
    await neighbour.saw('listening')

    const [loopback] = await tryAddresses(actor, [tcp('127.0.0.1', PORT)])
    expect(loopback?.errno === 'ECONNREFUSED', `the neighbour's port answered ${loopback?.errno}`)
    const lines = said((await actor.run(perl(REACH))).output)
    const wanted = ['abstract ECONNREFUSED', 'path ENOENT', 'agent ENOENT']
    expect(lines.join() === wanted.join(), `sockets answered ${lines.join(', ')}`)
    const found = said((await actor.run(sh(SOCKETS))).output)
    expect(found.length === 0, `it found ${found.join(', ')}`)
    expect(!neighbour.output().includes('= hit'), 'the neighbour was reached')
  },
}
