import type { Actor } from './actor.ts'
import { perl, said } from './programs.ts'

/** A refusal that takes longer is a packet that was sent. */
export const REFUSED_MS_MAX = 1000

/** Before any address is tried: a sandbox that has an interface might really send to it. */
export async function assertNoInterface(actor: Actor): Promise<void> {
  const { output } = await actor.run(
    perl(`open my $dev, '<', '/proc/net/dev'; /^\\s*([^:\\s]+):/ && print "= $1\\n" while <$dev>`),
  )
  const interfaces = said(output)
  if (interfaces.join() !== 'lo') throw new Error(`Nothing was tried: the sandbox has the interfaces ${interfaces.join(', ')}`)
}

export type Attempt = { readonly kind: 'tcp' | 'udp'; readonly host: string; readonly port: number }
export type Answer = Attempt & { readonly errno: string; readonly ms: number }

/** Socket is part of perl-base. Each attempt has an alarm of its own, so that one that hangs does not hide the rest. */
const CONNECT = `
use Errno; use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6 SOCK_DGRAM); use POSIX ();
sub clock { open my $up, '<', '/proc/uptime'; 1000 * (split ' ', <$up>)[0] }
for (@ARGV) {
  my ($kind, $port, $host) = split /,/;
  my $six = $host =~ /:/;
  my $packed = inet_pton($six ? AF_INET6 : AF_INET, $host);
  my $to = $six ? pack_sockaddr_in6($port, $packed) : pack_sockaddr_in($port, $packed);
  socket my $s, $six ? AF_INET6 : AF_INET, $kind eq 'tcp' ? SOCK_STREAM : SOCK_DGRAM, 0 or print("= $_ socket 0\\n"), next;
  my $began = clock();
  $! = 0;
  local $SIG{ALRM} = sub { };
  POSIX::sigaction(14, POSIX::SigAction->new(sub { }, POSIX::SigSet->new, 0));
  alarm 5;
  my $done = $kind eq 'tcp' ? connect $s, $to : send $s, 'x' x 60, 0, $to;
  my $errno = defined $done && $done ? 'done' : (grep { $!{$_} } keys %!)[0];
  alarm 0;
  printf "= %s %s %d\\n", $_, $errno, clock() - $began;
}`

/** Tries to connect, or to send, to each; answers how that failed and how soon. */
export async function tryAddresses(actor: Actor, attempts: readonly Attempt[]): Promise<Answer[]> {
  const words = attempts.map(({ kind, port, host }) => `${kind},${port},${host}`)
  const { output } = await actor.run(perl(CONNECT, ...words))
  const answers = said(output).flatMap((line): Answer[] => {
    const [, kind, port, host = '', errno = '', ms] = /^(tcp|udp),(\d+),(\S+) (\S+) (\d+)$/.exec(line) ?? []
    return kind === 'tcp' || kind === 'udp' ? [{ kind, host, port: Number(port), errno, ms: Number(ms) }] : []
  })
  if (answers.length !== attempts.length) throw new Error(`${answers.length} of ${attempts.length} were tried: ${output}`)
  return answers
}

export const tcp = (host: string, port: number): Attempt => ({ kind: 'tcp', host, port })
export const udp = (host: string, port: number): Attempt => ({ kind: 'udp', host, port })

/** Refused at once, without a packet: there is no way there. EINVAL: a link's own address where there is no link. */
export const hasNoWay = ({ errno, ms }: Answer) =>
  ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EACCES', 'EPERM', 'EINVAL'].includes(errno) &&
  ms <= REFUSED_MS_MAX

export const shown = ({ kind, host, port, errno, ms }: Answer) => `${kind} ${host} port ${port}: ${errno} after ${ms} ms`
