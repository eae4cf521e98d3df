/**
 * Takes memory and touches it until death. Seven such tabs once took a whole site down (Riju #92). Expected: the kernel
 * kills inside the sandbox alone, the visitor is told "memory", the agent lives, and the session goes on.
 */
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Attack } from '../attack.ts'
import { OOM_KILLS } from '../box.ts'
import { perl, sh } from '../programs.ts'

const HOARD = `
my @held;
for (my $mib = 4; ; $mib += 4) { push @held, 'x' x (4 * 1024 * 1024); print "$mib\\n" }`

export const attack: Attack = {
  number: 14,
  what: 'Takes memory and touches it until death',
  expected: 'killed inside its own sandbox, for the reason "memory"; the session goes on',
  quick: true,
  async act(actor, { expect, box: look }) {
    const box = await look(actor)
    box.assertLimits(DEFAULT_LIMITS)

    const before = box.count(...OOM_KILLS)
    const { output, ending } = await actor.run(perl(HOARD))
    const held = Number(
      output
        .trim()
        .split('\n')
        .findLast((line) => /^\d+$/.test(line)),
    )
    expect(held * 1024 * 1024 <= DEFAULT_LIMITS.memoryBytes, `it held ${held} MiB`)
    expect(ending?.reason === 'memory' && ending.signal === 'SIGKILL', `it ended with ${JSON.stringify(ending)}`)
    expect(box.count(...OOM_KILLS) > before, 'the kernel counted no kill')

    const after = await actor.run(sh('echo still $((6 * 7))'))
    expect(after.output.includes('still 42'), `the session was of no more use: ${after.output}`)
  },
}
