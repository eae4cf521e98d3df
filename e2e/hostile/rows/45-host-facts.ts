/**
 * Reads what a kernel tells of its machine: symbols, log, command line, devices, mounts, groups, names. Expected: no name,
 * address or path of the host, no address of the kernel.
 */
import { hostname, networkInterfaces } from 'node:os'
import { resolve } from 'node:path'
import { readFileSync } from 'node:fs'

import type { Attack } from '../attack.ts'
import { said, sh } from '../programs.ts'

const READ = `
for file in /proc/cmdline /proc/kallsyms /proc/modules /proc/interrupts /proc/keys /proc/key-users /proc/timer_list /proc/sched_debug \\
  /proc/config.gz /proc/kcore /proc/kmsg /proc/version_signature /proc/net/arp /proc/net/dev /proc/net/route /proc/net/unix \\
  /proc/net/tcp /proc/net/fib_trie /proc/net/if_inet6 /proc/mounts /proc/self/mounts /proc/self/mountinfo /proc/self/mountstats \\
  /proc/self/cgroup /proc/1/cgroup /proc/1/mountinfo /proc/1/cmdline /proc/sys/kernel/hostname /proc/sys/kernel/domainname \\
  /proc/partitions /proc/swaps /proc/scsi/scsi /proc/driver/rtc /etc/hosts /etc/hostname /etc/resolv.conf /etc/mtab /etc/machine-id \\
  /var/lib/dbus/machine-id /etc/passwd /etc/shadow /etc/group /proc/self/environ; do
  head -c 65536 $file 2>&- | tr '\\0' '\\n'
done
env; hostname; uname -n; dmesg; ls -la / /sys /sys/class/net /root /home /mnt /media /srv /run /var/lib /etc 2>&-; id
for file in kallsyms kcore kmsg cmdline modules keys; do
  head -c 100 /proc/$file 2>&- | tr -d '\\0' | grep -q . && echo "= told $file"
done
head -c 100 /etc/shadow 2>&- | grep -q . && echo "= told shadow"
echo "= hostname $(hostname)"
echo "= groups $(cut -d: -f3 /proc/self/cgroup | sort -u)"`

/** No runtime hides these from a pod, nor its network and where its layers lie; of the kernel's symbols the names, no addresses. */
const TOLD_TO_PODS = ['told kallsyms', 'told cmdline', 'told modules']

export const attack: Attack = {
  number: 45,
  what: 'Reads every fact of the host that the kernel or a file could tell',
  expected: 'no name, address or path of the host, and no kernel symbols',
  quick: true,
  through: 'full',
  async act(actor, { expect, house, dataDir, box: look }) {
    const box = await look(actor)
    const { output } = await actor.run(sh(READ))
    const told = said(output).filter((line) => line.startsWith('told'))
    if (house === 'pods') {
      expect(!output.includes(` ${box.agentPid} `), "it was told the agent's number on its node")
      const more = told.filter((line) => !TOLD_TO_PODS.includes(line))
      return expect(more.length === 0, more.join(', '))
    }
    const facts: [string, string][] = [
      ["the host's name", hostname()],
      ["the host's boot command line", readFileSync('/proc/cmdline', 'latin1').trim()],
      ['where the server is installed', resolve(import.meta.dirname, '../../..')],
      ['where the server keeps its data', dataDir],
      ["the agent's number on the host", ` ${box.agentPid} `],
      ...Object.entries(networkInterfaces()).flatMap(([name, list]) =>
        (list ?? [])
          .filter(({ internal }) => !internal)
          .flatMap(({ address, mac }): [string, string][] => [
            [`the address of ${name}`, address],
            [`the hardware address of ${name}`, mac],
          ]),
      ),
    ]
    for (const [what, text] of facts) {
      const line = text === '' ? undefined : output.split('\n').find((one) => one.includes(text))
      expect(line === undefined, `it was told ${what}: ${line}`)
    }
    expect(told.length === 0, told.join(', '))
    expect(said(output).includes('hostname dragoman'), 'the name of the sandbox is not its own')
    expect(said(output).includes('groups /'), 'its group is not the root of what it sees')
  },
}
