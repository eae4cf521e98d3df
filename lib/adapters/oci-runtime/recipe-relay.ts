import { IN_RECIPE } from '#lib/application/ports/recipes.ts'

const { proxyPort: PROXY_PORT } = IN_RECIPE
/** Where a recipe finds the proxy, in a network namespace that has nothing else. */
export const PROXY_IN_RECIPE = `http://127.0.0.1:${PROXY_PORT}`

/** The descriptor that the relay inherits: it listens before the recipe begins. */
const LISTENER = 3

/** For Node: from the inherited listener to the socket named by its argument, whose path may be too long to be connected to. */
const RELAY = `
const net = require('node:net')
const { basename, dirname } = require('node:path')
process.chdir(dirname(process.argv[1]))
net.createServer({ allowHalfOpen: true }, (near) => {
  const far = net.connect({ path: basename(process.argv[1]), allowHalfOpen: true })
  for (const [from, to] of [[near, far], [far, near]]) from.on('error', () => to.destroy()).on('close', () => to.destroyed || to.end()).pipe(to)
}).listen({ fd: ${LISTENER} })
`

/**
 * For Perl, which is on every Debian: brings the loopback device up (SIOCSIFFLAGS with IFF_UP), listens, starts the relay, which
 * is its first three arguments, and becomes the rest.
 */
const BEGIN = `
use Socket;
$^F = ${LISTENER};
socket(my $any, AF_INET, SOCK_DGRAM, 0) or die "socket: $!";
my $up = pack("a16 s x22", "lo", 0x1);
ioctl($any, 0x8914, $up) or die "loopback: $!";
close $any;
socket(my $near, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
bind($near, sockaddr_in(${PROXY_PORT}, INADDR_LOOPBACK)) && listen($near, 128) or die "listen: $!";
fileno($near) == ${LISTENER} or die "another descriptor is open";
my @relay = splice @ARGV, 0, 4;
defined(my $child = fork) or die "fork: $!";
if ($child == 0) { exec @relay or die "relay: $!" }
close $near;
exec @ARGV or die "exec: $!";
`

/**
 * Runs a command in the network namespace that it is in, which is empty and new, with a relay to a proxy's socket. The relay ends
 * with the process namespace; the command cannot reach it but by its port.
 */
export const withRelay = (socketPath: string, command: readonly string[]): string[] => [
  ...['perl', '-e', BEGIN, '--'],
  ...[process.execPath, '-e', RELAY, socketPath],
  ...command,
]
