/** `sendmsg`, `setresuid` and `setresgid` by architecture. */
const CALLS: Readonly<Record<string, readonly number[]>> = { x64: [46, 117, 119], arm64: [211, 147, 149] }

/**
 * gVisor passes a sandbox its first three descriptors and no listening socket. So a small process outside holds the listening
 * one (descriptor 3), accepts for the sandbox and sends each connection in as a descriptor: over the socket that is the
 * sandbox's descriptor 1, with a byte into the pipe that is its 0. It never looks at a connection's bytes, lives as long as
 * the sandbox, also without the server, and stands in the sandbox's control groups like all that it starts. Once there is
 * nothing more to start it is nobody: it has an id that only this sandbox has.
 */
const HANDOVER = `
my ($sendmsg, $setuid, $setgid, $id, $groups, @rest) = @ARGV;
$_ += 0 for $sendmsg, $setuid, $setgid, $id;
my @groups = splice @rest, 0, $groups;
my $file;
for (@groups) { open $file, ">", "$_/cgroup.procs" and print $file $$ and close $file or die "Cannot enter $_: $!\n" }

open my $listener, "+<&=", 3 or die "Cannot find the listening socket: $!\n";
fcntl $listener, 2, 1;
socketpair my $ours, my $theirs, 1, 1, 0 or die "Cannot make sockets: $!\n";
pipe my $woken, my $wake or die "Cannot make a pipe: $!\n";
defined(my $runtime = fork) or die "Cannot fork: $!\n";
if (!$runtime) {
  open STDIN, "<&", $woken; open STDOUT, ">&", $theirs;
  exec @rest or die "Cannot start $rest[0]: $!\n";
}
waitpid $runtime, 0;
exit($? >> 8 || $? & 127) if $?;
defined(my $left = fork) or die "Cannot fork: $!\n";
exit 0 if $left;

close $woken; close $theirs;
open STDERR, ">", "/dev/null";
$) = "$id $id";
syscall($_, $id, $id, $id) == 0 or exit for $setgid, $setuid;
my ($watched, $ready) = ("", "");
vec($watched, fileno $_, 1) = 1 for $ours, $listener;
while (1) {
  next if select($ready = $watched, undef, undef, undef) < 0;
  if (vec $ready, fileno $ours, 1) { sysread $ours, my $unasked, 4096 or exit }
  next unless vec($ready, fileno $listener, 1) && accept my $connection, $listener;
  my ($byte, $descriptor) = (".", pack "QiiiI", 20, 1, 1, fileno $connection, 0);
  my $place = pack "PQ", $byte, 1;
  my $message = pack "QQPQPQQ", 0, 0, $place, 1, $descriptor, 24, 0;
  syscall($sendmsg, fileno $ours, $message, 0x4000) == 1 or exit;
  syswrite $wake, "." or exit;
}`

/** The command that runs `argv`, a runtime's, in these control groups and then, as this user, hands connections over. */
export function handover(argv: readonly string[], groups: readonly string[], id: number, arch: string): string[] {
  const calls = CALLS[arch]
  if (!calls) throw new Error(`Cannot hand connections over: the architecture "${arch}" is not known here`)
  return ['perl', '-e', HANDOVER, ...[...calls, id, groups.length].map(String), ...groups, ...argv]
}
