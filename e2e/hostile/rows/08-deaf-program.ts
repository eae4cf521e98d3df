/**
 * Ignores every signal that can be ignored and waits for a writer of a pipe that never comes. Expected: Ctrl-C has no
 * effect, as the program wishes; the stop button ends it all the same, with its reason.
 */
import type { Attack } from '../attack.ts'
import { perl } from '../programs.ts'

const STOP_MS_MAX = 2000

const DEAF = `
use POSIX;
$| = 1;
$SIG{$_} = 'IGNORE' for grep { !/^(KILL|STOP|CHLD|NUM|RT)/ } keys %SIG;
mkfifo 'pipe', 0600;
print "deaf\\n";
for (;;) { open my $never, '<', 'pipe' }`

export const attack: Attack = {
  number: 8,
  what: 'A program that ignores every signal and blocks on a pipe',
  expected: 'a stop ends it within two seconds, with the reason "stopped"',
  quick: true,
  async act(actor, { expect }) {
    const job = await actor.begin(perl(DEAF))
    await actor.saw('deaf')
    for (const key of ['\x03', '\x1c', '\x1a']) actor.type(key)
    // The terminal shows each of the keys, so it has handed them on.
    await actor.saw('^Z')
    const began = performance.now()
    await actor.stop()
    const ending = await actor.ended(job)
    const ms = performance.now() - began
    expect(ms <= STOP_MS_MAX && ending?.reason === 'stopped', `the stop took ${ms} ms and ended with ${ending?.reason}`)
  },
}
