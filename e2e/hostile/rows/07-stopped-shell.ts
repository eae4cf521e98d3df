/**
 * Stops itself, its shell, everything it may, and tries the same with process 1, so that nobody is left to obey a stop.
 * Expected: process 1 cannot be stopped or traced, and the stop button needs nobody's help.
 */
import type { Attack } from '../attack.ts'
import { perl, said, sh } from '../programs.ts'

const STOP_MS_MAX = 2000

const FREEZE = `
use POSIX;
$| = 1;
printf "= stop 1: %s\\n", kill('STOP', 1) ? 'done' : (grep { $!{$_} } keys %!)[0];
if (!fork) { sleep 600 }
print "freezing\\n";
kill 'STOP', -1;
kill 'STOP', getppid(), $$;
sleep 600`

export const attack: Attack = {
  number: 7,
  what: 'SIGSTOP to its own shell, to itself and to process 1',
  expected: 'process 1 answers EPERM, or within one id does not heed it, and a stop ends the job within two seconds',
  quick: true,
  async act(actor, { expect, house }) {
    for (const files of [sh('echo freezing; kill -STOP $$'), perl(`use Errno; ${FREEZE}`)]) {
      const job = await actor.begin(files)
      await actor.saw('freezing')
      const began = performance.now()
      await actor.stop()
      const ending = await actor.ended(job)
      const ms = performance.now() - began
      expect(ms <= STOP_MS_MAX && ending?.reason === 'stopped', `the stop took ${ms} ms and ended with ${ending?.reason}`)
    }
    const tried = said(actor.output().replaceAll('\r\n', '\n'))
    // Within one id a signal to it may be sent, and never comes: the stops above were obeyed.
    expect(tried[0] === (house === 'pods' ? 'stop 1: done' : 'stop 1: EPERM'), `process 1 answered ${tried[0]}`)
  },
}
