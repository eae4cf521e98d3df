/**
 * The shell function that calls itself twice in the background, as every playground has been sent. Expected: the kernel
 * refuses at the limit of processes; a stop ends all of it, the session goes on, and a program that failed for want of
 * processes is told so.
 */
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Attack } from '../attack.ts'
import { perl, sh } from '../programs.ts'
import { becomes } from '../until.ts'

const REACHED_MS_MAX = 10_000
const STOP_MS_MAX = 2000

const FAILS_TO_FORK = `
my @made;
while (defined(my $pid = fork)) { $pid ? push @made, $pid : sleep 60 }
kill 9, @made;
exit 1`

export const attack: Attack = {
  number: 1,
  what: 'A fork bomb',
  expected: 'forks are refused at the limit, a stop ends all of it, the session goes on, the reason is "processes"',
  quick: true,
  async act(actor, { expect, box: look }) {
    const box = await look(actor)
    box.assertLimits(DEFAULT_LIMITS)

    const refused = () => box.count('pids.events max')
    const [before, job] = [refused(), await actor.begin(sh('bomb() { bomb | bomb & }; bomb; sleep 60'))]
    expect(await becomes(() => refused() > before, REACHED_MS_MAX), 'the limit of processes was never reached')
    const processes = box.count('pids.current')
    expect(processes <= box.processesMax, `${processes} processes`)

    const began = performance.now()
    await actor.stop()
    const ending = await actor.ended(job)
    const ms = performance.now() - began
    expect(ms <= STOP_MS_MAX && ending?.reason === 'stopped', `the stop took ${ms} ms and ended with ${ending?.reason}`)

    const failed = await actor.run(perl(FAILS_TO_FORK))
    expect(failed.ending?.reason === 'processes', `a program without processes left ended with ${failed.ending?.reason}`)
    const { output } = await actor.run(sh('echo still $((6 * 7))'))
    expect(output.includes('still 42'), `the session was of no more use: ${output}`)
  },
}
