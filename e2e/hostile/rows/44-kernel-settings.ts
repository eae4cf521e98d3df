/**
 * Opens everything below /proc and /sys for writing. In a sandbox started by root without a mapping of ids of its own this
 * really changed the host's core_pattern. Expected: nothing opens but a process's own few files, and no cgroup file is
 * there; the ledger compares the machine's settings before and after.
 */
import type { Attack } from '../attack.ts'
import { perl, said, WALK } from '../programs.ts'

/** Of a process itself: what it may say of its own. */
const OWN =
  /^\/proc\/(self|thread-self|\d+)\/(task\/\d+\/)?(attr\/.*|autogroup|clear_refs|comm|coredump_filter|loginuid|mem|oom_adj|oom_score_adj|projid_map|sched|setgroups|timens_offsets|timerslack_ns|uid_map|gid_map|fd\/\d+|fdinfo\/\d+|make-it-fail|fail-nth|patch_state|latency|map_files\/.*|net\/.*)$/

/** Runtimes leave these to pods: who writes there is told of the node's load, of which the kernel then keeps an eye. */
const PRESSURE = /^\/proc\/pressure\//

const OPEN_ALL = `
no warnings;${WALK}
my @tried;
my $see = sub {
  my ($path) = @_;
  return 1 if $path =~ m{^/proc/\\d+$} && $path ne "/proc/$$" && $path ne '/proc/1';
  push @tried, $path if !-l $path && -f _; # what is masked is /dev/null in its place
  return $path =~ m{/(root|cwd|task|map_files)$};
};
walk($_, $see) for '/proc', '/proc/thread-self/', grep { -d } '/sys', '/sys/fs/cgroup';
for my $file (@tried) {
  sysopen my $handle, $file, 1 | 0x800 or next; # O_WRONLY, O_NONBLOCK
  # Of the agent's some open for everybody; it is writing that is refused. Elsewhere nothing is written.
  next if $file =~ m{^/proc/1/} && !syswrite $handle, '0';
  print "= open $file\\n";
}
print '= tried ', scalar(@tried) > 500 ? 'many' : scalar(@tried), "\\n";
print "= sys there\\n" if -e '/sys/kernel';
for my $file ('/proc/sysrq-trigger', '/proc/sys/kernel/core_pattern', '/proc/sys/kernel/hostname', '/proc/sys/vm/drop_caches',
  '/proc/irq/0/smp_affinity', '/proc/self/cgroup', '/sys/fs/cgroup/cgroup.procs', '/sys/fs/cgroup/memory/release_agent') {
  print "= written $file\\n" if open(my $handle, '>', $file) && syswrite $handle, '0';
}`

export const attack: Attack = {
  number: 44,
  what: 'Opens every file below /proc and /sys for writing',
  expected: 'nothing opens but what is its own',
  quick: true,
  through: 'full',
  async act(actor, { expect, house }) {
    const { output } = await actor.run(perl(OPEN_ALL))
    const lines = said(output)
    expect(lines.includes('tried many'), `it printed ${output.slice(-500)}`)
    const open = lines.flatMap((line) => /^open (.*)/.exec(line)?.[1] ?? [])
    const strange = open.filter(
      (file) => !(OWN.test(file) || (house === 'pods' && PRESSURE.test(file))) || file.startsWith('/proc/1/'),
    )
    expect(strange.length === 0, `open for writing: ${strange.slice(0, 20).join(', ')}`)
    // A pod has a /sys, read-only, in which nothing may open either.
    const rest = lines.filter((line) => line.startsWith('written') || (line === 'sys there' && house === 'machine'))
    expect(rest.length === 0, rest.join(', '))
  },
}
