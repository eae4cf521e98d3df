/**
 * Fills the kernel's own memory: as many pipes as may be open, each made as large as it can be, in several processes.
 * Expected: the kernel charges it or caps it per user (each session is a user of its own), and the host gives no more
 * than the limit.
 */
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Attack } from '../attack.ts'
import { MEMORY } from '../box.ts'
import { perl, said, sh } from '../programs.ts'

const FILL = `
use Fcntl;
$| = 1;
for (1..8) {
  next if fork;
  my (@kept, $bytes);
  while (pipe(my $out, my $in)) {
    fcntl $in, 1031, 1 << 20; # F_SETPIPE_SZ
    fcntl $in, F_SETFL, O_NONBLOCK;
    while (my $n = syswrite $in, 'x' x 65536) { $bytes += $n }
    push @kept, $out, $in;
  }
  print '= ', scalar(@kept) / 2, " pipes hold $bytes\\n";
  sleep 60;
}
wait;`

const COUNTED = 8

export const attack: Attack = {
  number: 17,
  what: 'Thousands of pipes, each as large as it gets, all full',
  expected: 'held within the memory of the session',
  quick: false,
  async act(actor, { expect, box: look }) {
    const box = await look(actor)
    box.assertLimits(DEFAULT_LIMITS)

    const job = await actor.begin(perl(FILL))
    const all = new RegExp(`(= \\d+ pipes hold \\d+[^=]*){${COUNTED}}`)
    const output = await actor.saw(all).catch(() => actor.output())
    const lines = said(output.replaceAll('\r\n', '\n'))
    const bytes = lines.reduce((sum, line) => sum + Number(/hold (\d+)/.exec(line)?.[1] ?? 0), 0)
    const charged = box.count(...MEMORY)
    expect(charged <= DEFAULT_LIMITS.memoryBytes, `${charged} bytes are charged`)
    expect(bytes <= DEFAULT_LIMITS.memoryBytes, `pipes hold ${bytes} bytes, ${charged} are charged`)
    expect(bytes > 0 && charged >= bytes, `pipes hold ${bytes} bytes of which only ${charged} are charged`)

    await actor.stop()
    await actor.ended(job)
    const after = await actor.run(sh('echo still $((6 * 7))'))
    expect(after.output.includes('still 42'), `the session was of no more use: ${after.output}`)
  },
}
