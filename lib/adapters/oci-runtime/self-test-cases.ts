import type { Limits } from '#lib/domain/limits.ts'

import { AGENT_TMPFS_BYTES, AGENT_TMPFS_INODES, DEV_BYTES, TMP_INODES } from './bundle.ts'
import { tiny32BitProgram } from './tiny-program.ts'

/** A hostile program: what it prints must be exactly `expected`, or pass it. Blanks are squeezed, ends trimmed. */
export type SelfTestCase = {
  readonly name: string
  readonly script: string
  readonly expected: string | ((output: string) => boolean)
}

/** Cases that need nothing but what each Debian system has: dash, coreutils, grep, findutils and perl-base. */
export function selfTestCases(limits: Limits, arch: string, oneId = false): SelfTestCase[] {
  return [
    {
      name: 'ids are shifted',
      script: 'cat /proc/self/uid_map /proc/self/gid_map',
      expected: (output) => /^(0 [1-9]\d* 1 1000 [1-9]\d* 1 ?){2}$/.test(output),
    },
    { name: 'programs run as the visitor', script: 'id -u; id -g; id -G', expected: '1000 1000 1000' },
    { name: 'no new privileges', script: 'grep NoNewPrivs /proc/self/status', expected: 'NoNewPrivs: 1' },
    {
      name: 'no capabilities',
      script: 'grep -E "Cap(Inh|Prm|Eff|Amb)" /proc/self/status',
      expected: ['Inh', 'Prm', 'Eff', 'Amb'].map((set) => `Cap${set}: ${'0'.repeat(16)}`).join(' '),
    },
    { name: 'system calls are filtered', script: 'grep Seccomp: /proc/self/status', expected: 'Seccomp: 2' },
    {
      name: 'nothing but home, tmp and shm can be written',
      script: `find / \\( -path /proc -o -path /usr -o -path /opt/dragoman \\) -prune -o -writable -print |
          while read -r path; do [ -L "$path" ] || [ -c "$path" ] || echo "$path"; done | sort
        for folder in /usr /usr/bin /usr/lib /opt/dragoman /opt/dragoman/* /etc /run/dragoman /var/lib; do touch $folder/x 2>&- && echo $folder; done`,
      // With one id also where files are staged.
      expected: oneId ? '/dev/shm /home/visitor /run/dragoman /tmp /run/dragoman' : '/dev/shm /home/visitor /tmp',
    },
    {
      name: 'kernel settings cannot be written',
      script: `for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/vm/overcommit_memory \\
          /proc/sysrq-trigger /proc/1/oom_score_adj; do (: >>$file) 2>&- && echo $file; done; ls -d /sys 2>&-`,
      expected: '',
    },
    {
      name: 'system calls are refused',
      script: perlCalls(arch),
      expected: CALLS.map(([name, , , , errno]) => `${name}:${errno}`).join(' '),
    },
    { name: 'other families of sockets are refused', script: PERL_FAMILIES, expected: (output) => /^(\d+:97 ?)+$/.test(output) },
    { name: 'no words into the terminal', script: perlIoctls(arch), expected: '5412:1 541c:1 100005412:1' },
    ...(arch === 'x64' ? foreignCalls() : []),
    {
      name: 'no interface but loopback',
      script: 'tail -n +3 /proc/net/dev | cut -d: -f1; tail -n +2 /proc/net/route',
      expected: 'lo',
    },
    { name: 'connections fail at once', script: PERL_CONNECTS, expected: '101 101 101' },
    {
      name: 'devices are the agreed ones',
      script: 'for path in $(find /dev | sort); do { [ -c $path ] || [ -b $path ]; } && [ ! -L $path ] && echo $path; done',
      expected: ['full', 'null', 'pts/ptmx', 'random', 'tty', 'urandom', 'zero'].map((name) => `/dev/${name}`).join(' '),
    },
    { name: 'no device can be made, a pipe can', script: perlMakes(arch), expected: '2000:1 6000:1 1000:done' },
    {
      name: 'no descriptor is inherited',
      script: `perl -e 'opendir my $folder, "/proc/self/fd"; print join " ", sort grep { !/^[.]/ } readdir $folder'`,
      expected: '0 1 2 3', // the last is the folder itself
    },
    {
      name: 'places to write have sizes',
      script: 'df -B1 --output=target,size,itotal /dev /dev/shm /home/visitor /run/dragoman /tmp | tail -n +2',
      expected: (output) =>
        new RegExp(
          [
            `^/dev ${DEV_BYTES} \\d+`,
            `/dev/shm ${limits.tmpBytes} ${TMP_INODES}`,
            `/home/visitor ${limits.homeBytes} ${limits.homeInodes}`,
            `/run/dragoman ${AGENT_TMPFS_BYTES} ${AGENT_TMPFS_INODES}`,
            `/tmp ${limits.tmpBytes} ${TMP_INODES}$`,
          ].join(' '),
        ).test(output),
    },
    {
      name: 'the agent is out of reach',
      // Within one id a signal may be sent, and does not come; whoever reads this knows that the agent lives.
      script: `kill -KILL 1 2>&- ${oneId ? '' : '&& echo killed'}; cat /proc/1/environ /proc/1/maps /proc/1/mem 2>&-
        perl -e '$! = 0; syscall(${arch === 'x64' ? 101 : 117}, 16, 1, 0, 0); print $! + 0'`,
      expected: '1',
    },
  ]
}

const EPERM = 1
const ENOSYS = 38

/** Name, number on x64, number on arm64, first argument, errno. */
export const CALLS: readonly (readonly [string, number, number, number, number])[] = [
  ['mount', 165, 40, 0, EPERM],
  ['umount2', 166, 39, 0, EPERM],
  ['pivot_root', 155, 41, 0, EPERM],
  ['chroot', 161, 51, 0, EPERM],
  ['open_tree', 428, 428, -100, EPERM],
  ['move_mount', 429, 429, -100, EPERM],
  ['fsopen', 430, 430, 0, EPERM],
  ['mount_setattr', 442, 442, -100, EPERM],
  ['unshare', 272, 97, 0x10000000, EPERM],
  ['setns', 308, 268, 0, EPERM],
  ['clone', 56, 220, 0x10000000, EPERM],
  ['clone3', 435, 435, 0, ENOSYS],
  ['keyctl', 250, 219, 0, EPERM],
  ['add_key', 248, 217, 0, EPERM],
  ['bpf', 321, 280, 0, EPERM],
  ['perf_event_open', 298, 241, 0, EPERM],
  ['userfaultfd', 323, 282, 1, EPERM],
  ['io_uring_setup', 425, 425, 1, EPERM],
  ['memfd_secret', 447, 447, 0, EPERM],
  ['fanotify_init', 300, 262, 0, EPERM],
  ['name_to_handle_at', 303, 264, -100, EPERM],
  ['open_by_handle_at', 304, 265, -100, EPERM],
  ['quotactl', 179, 60, 0, EPERM],
  ['init_module', 175, 105, 0, EPERM],
  ['syslog', 103, 116, 3, EPERM],
  ['clock_settime', 227, 112, 0, EPERM],
  ['personality', 135, 92, 8, ENOSYS],
  ['open_tree_attr', 467, 467, -100, ENOSYS],
]

/** Each number alone in a process of its own would be slow: one that forks unexpectedly ends its child itself. */
const perlCalls = (arch: string) => `perl -e '
for (@ARGV) {
  my ($name, $number, $first) = split /,/;
  $! = 0;
  my $answer = syscall($number, $first + 0, 0, 0, 0, 0);
  exit if $name eq "clone" && $answer == 0;
  print "$name:", ($answer < 0 ? $! + 0 : "done"), "\\n";
}' ${CALLS.map(([name, x64, arm64, first]) => `${name},${arch === 'x64' ? x64 : arm64},${first}`).join(' ')}`

/** AF_NETLINK for audit, then AX.25, AF_PACKET, AF_BLUETOOTH, AF_ALG, AF_VSOCK, AF_XDP: all EAFNOSUPPORT. */
const PERL_FAMILIES = `perl -e '
for ([16, 9], [3, 0], [17, 0], [31, 0], [38, 0], [40, 0], [44, 0]) {
  $! = 0;
  print $_->[0], ":", (socket(my $s, $_->[0], 3, $_->[1]) ? "open" : $! + 0), "\\n";
}'`

const perlIoctls = (arch: string) => `perl -e '
for (0x5412, 0x541c, 0x100005412) {
  my $byte = "x"; $! = 0;
  my $answer = syscall(${arch === 'x64' ? 16 : 29}, 0, $_, $byte);
  printf "%x:%s\\n", $_, $answer < 0 ? $! + 0 : "done";
}'`

/** `mknodat` of /dev/null's twin, of a disk's and of a pipe. */
const perlMakes = (arch: string) => `perl -e '
for (0x2000, 0x6000, 0x1000) {
  my $name = "made"; $! = 0;
  printf "%x:%s\\n", $_, syscall(${arch === 'x64' ? 259 : 33}, -100, $name, $_ | 0666, 0x103) < 0 ? $! + 0 : "done";
  unlink $name;
}'`

/** A public address, a cloud's metadata service, and a private address: ENETUNREACH without waiting. */
const PERL_CONNECTS = `perl -e '
for ([1, 1, 1, 1], [169, 254, 169, 254], [10, 0, 0, 1]) {
  socket(my $s, 2, 1, 0) or die; $! = 0;
  print connect($s, pack("S n C4 x8", 2, 80, @$_)) ? "open" : $! + 0, "\\n";
}'`

/** 31 is SIGSYS: killed by the filter. -1: the kernel has no such programs at all. */
function foreignCalls(): SelfTestCase[] {
  return [
    {
      name: 'no system calls of 32-bit programs',
      script: `printf '${tiny32BitProgram()}' >tiny && chmod +x tiny && perl -e 'my $s = system "./tiny"; print $s < 0 ? $s : $s >> 8 || $s & 127'`,
      expected: (output) => output === '31' || output === '-1',
    },
    {
      name: 'no system calls of the x32 kind',
      script: `perl -e 'my $s = system $^X, "-e", "exit(syscall(0x40000000 + 39) > 0 ? 42 : 0)"; print $s >> 8 || $s & 127'`,
      expected: (output) => output === '31' || output === '0',
    },
  ]
}
