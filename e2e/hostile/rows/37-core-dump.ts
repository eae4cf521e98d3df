/**
 * Raises its limit of core dumps and dies with something in memory. A handler of the host, where one is set, runs as the
 * host's root with the sandbox's bytes. Expected: the limit cannot be raised, no core is written inside or outside, and
 * the host's setting is as it was.
 */
import { readdirSync, readFileSync } from 'node:fs'

import type { Attack } from '../attack.ts'
import { said, sh } from '../programs.ts'

const PATTERN = '/proc/sys/kernel/core_pattern'

const DUMP = `
echo "= limit $(ulimit -c) $(ulimit -Hc)"
(ulimit -c unlimited) 2>&- && echo "= raised"
(echo /tmp/core >${PATTERN}) 2>&- && echo "= pattern written"
perl -e '$secret = join "", "SECRET", "-IN-", "CORE"; kill "SEGV", $$; sleep 1'
echo "= status $?"
find / -xdev \\( -name 'core' -o -name 'core.*' \\) -size +4k -type f -user visitor 2>&- | sed 's/^/= core /'
find /tmp /home/visitor /dev/shm -type f -size +8k | sed 's/^/= core /'`

export const attack: Attack = {
  number: 37,
  what: 'A core dump of a process that holds a secret',
  expected: 'none is written, inside or outside',
  quick: true,
  through: 'full',
  async act(actor, { expect, server }) {
    const pattern = readFileSync(PATTERN, 'latin1')
    const cores = () =>
      [process.cwd(), '/', '/tmp', '/var/crash', '/var/lib/systemd/coredump', `/proc/${server.process.pid}/cwd`].flatMap(coresIn)
    const before = cores().length
    const { output } = await actor.run(sh(DUMP))
    // 139: SIGSEGV, as a shell says it.
    expect(said(output).join() === 'limit 0 0,status 139', `it printed ${output}`)
    expect(cores().length === before, `a core was written on the host: ${cores().join(', ')}`)
    expect(readFileSync(PATTERN, 'latin1') === pattern, "the host's core_pattern was changed")
  },
}

function coresIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^core(\.|$)/.test(name))
  } catch {
    return []
  }
}
