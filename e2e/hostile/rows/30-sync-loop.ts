/**
 * Writes and syncs in a loop, in every place it can write, also with `sync` for the whole machine. What it writes is memory
 * of its own and no disk, but a sync may wait for those of others and hold them up. Expected: its processes send no byte to
 * a disk, and everybody else is as well as before (the bystanders look).
 */
import { readFileSync } from 'node:fs'

import type { Attack } from '../attack.ts'
import { perl } from '../programs.ts'
import { becomes, pause } from '../until.ts'

const LOOP_MS = 4000
const BEGUN_MS_MAX = 10_000

const LOOP = `
use IO::Handle; $| = 1;
for my $place ('/home/visitor', '/tmp', '/dev/shm', 'sync') {
  next if fork;
  while (1) {
    if ($place eq 'sync') { syscall(${process.arch === 'x64' ? 162 : 81}); next }
    open my $file, '>', "$place/synced"; print $file 'x' x 1048576; $file->flush; $file->sync; close $file;
  }
}
print "looping\\n"; sleep 600`

export const attack: Attack = {
  number: 30,
  what: 'Writes and syncs in a loop, files and the whole machine',
  expected: 'not a byte goes to a disk, and everybody else is as well as before',
  quick: true,
  async act(actor, { expect, box: look }) {
    const box = await look(actor)
    const job = await actor.begin(perl(LOOP))
    await actor.saw('looping', BEGUN_MS_MAX)
    const written = () =>
      box
        .pids()
        .filter((pid) => pid !== box.agentPid)
        .map((pid) => [pid, writtenBy(pid)] as const)
    await becomes(() => written().length > 4, BEGUN_MS_MAX)
    await pause(LOOP_MS)
    const toDisk = written().filter(([, bytes]) => bytes > 0)
    expect(toDisk.length === 0, `processes wrote to a disk: ${toDisk.map(([, bytes]) => bytes).join(', ')} bytes`)
    await actor.stop()
    await actor.ended(job)
  },
}

/** What the kernel sent to a device, or means to, for this process; 0 of one that is gone. */
function writtenBy(pid: number): number {
  try {
    return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1])
  } catch {
    return 0
  }
}
