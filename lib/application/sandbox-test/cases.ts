/** A hostile program: what it prints must be exactly `expected`, or pass it. Blanks are squeezed, ends trimmed. */
export type Case = {
  readonly name: string
  readonly script: string
  readonly expected: string | ((output: string) => boolean)
}

/** What a sandbox on a cluster must hold, whatever cluster it is. */
type Promised = {
  /** Agent and visitor are two users of a user namespace; else one user without any right. */
  readonly userNamespaces: boolean
  readonly homeBytes: number
  readonly tmpBytes: number
}

const NOTHING = '0'.repeat(16)

/** Cases that need nothing but what each Debian image has: dash, coreutils, grep, findutils and perl-base. */
export function cases({ userNamespaces, homeBytes, tmpBytes }: Promised): Case[] {
  const sets = ['Inh', 'Prm', 'Eff', ...(userNamespaces ? [] : ['Bnd']), 'Amb']
  return [
    {
      // A runtime that is too old ignores `hostUsers: false` and says nothing.
      name: 'ids are as the cluster says',
      script: 'cat /proc/self/uid_map',
      expected: (output) => !userNamespaces || /^0 [1-9]\d* \d+$/.test(output),
    },
    { name: 'programs run as the visitor', script: 'id -u; id -g', expected: '1000 1000' },
    { name: 'no new privileges', script: 'grep NoNewPrivs /proc/self/status', expected: 'NoNewPrivs: 1' },
    {
      name: 'no capabilities',
      script: `grep -E "Cap(${sets.join('|')})" /proc/self/status`,
      expected: sets.map((set) => `Cap${set}: ${NOTHING}`).join(' '),
    },
    { name: 'system calls are filtered', script: 'grep Seccomp: /proc/self/status', expected: 'Seccomp: 2' },
    {
      name: 'nothing of the cluster is told',
      script: 'ls -d /run/secrets /var/run/secrets 2>&-; env | grep -i kubernetes; hostname',
      expected: 'dragoman',
    },
    {
      name: 'nothing but home, tmp and shm can be written',
      script: `find / \\( -path /proc -o -path /sys \\) -prune -o -writable -print 2>&- |
        while read -r path; do [ -L "$path" ] || [ -c "$path" ] || echo "$path"; done | sort | grep -v '^/run/dragoman'
        for folder in / /usr /etc /opt /opt/* /var/lib /root; do touch $folder/x 2>&- && echo $folder; done`,
      expected: (output) => /^(\/dev\/mqueue )?\/dev\/shm \/home\/visitor \/tmp$/.test(output),
    },
    {
      name: 'kernel settings cannot be written',
      script: `for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/vm/overcommit_memory \\
          /proc/sysrq-trigger /proc/1/oom_score_adj; do (: >>$file) 2>&- && echo $file; done
        find /sys -writable ! -type l 2>&- | head -n 3`,
      expected: '',
    },
    {
      name: 'devices are the agreed ones',
      script: 'for path in $(find /dev 2>&- | sort); do { [ -c $path ] || [ -b $path ]; } && [ ! -L $path ] && echo $path; done',
      expected: ['full', 'null', 'pts/ptmx', 'random', 'tty', 'urandom', 'zero'].map((name) => `/dev/${name}`).join(' '),
    },
    {
      name: 'no device can be made',
      script: 'for kind in "c 1 3" "b 8 0"; do mknod /tmp/made $kind 2>&- && echo $kind; done',
      expected: '',
    },
    {
      name: 'no descriptor is inherited',
      script: `perl -e 'opendir my $folder, "/proc/self/fd"; print join " ", sort grep { !/^[.]/ } readdir $folder'`,
      expected: '0 1 2 3', // the last is the folder itself
    },
    {
      name: 'places to write have sizes',
      script: 'df -B1 --output=target,size /dev/shm /home/visitor /tmp | tail -n +2',
      expected: `/dev/shm ${tmpBytes} /home/visitor ${homeBytes} /tmp ${tmpBytes}`,
    },
    {
      name: 'the agent is out of reach',
      script: `kill -KILL 1 2>&-; kill -STOP 1 2>&-; cat /proc/1/environ /proc/1/maps /proc/1/mem 2>&-; ls /proc/1/fd/ /proc/1/cwd/ 2>&-
        perl -e 'for my $call (101, 117) { for (16, 0x4206) { print "traced" if syscall($call, $_, 1, 0, 0) == 0 } }'; echo well`,
      expected: 'well',
    },
    {
      name: 'no other process of the machine is seen',
      script: `ls /proc | grep -c '^[0-9]' | { read -r n; [ "$n" -lt 20 ] && echo few; }`,
      expected: 'few',
    },
  ]
}
