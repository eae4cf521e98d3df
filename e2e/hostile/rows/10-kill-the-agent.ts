/**
 * Goes for the agent by pid, by name, and with a signal to everybody. Then the agent really dies (the operator's doing,
 * here: no program could). Expected: no signal reaches it; when it does go, the visitor is told within fifteen seconds.
 */
import type { Attack } from '../attack.ts'
import { perl, said, sh } from '../programs.ts'
import { inTime } from '../until.ts'

const LOST_MS_MAX = 15_000

const KILL = `
use Errno; use POSIX ();
my @agents = (1, map { m{(\\d+)} } grep { my $f; open $f, '<', "$_/cmdline" and <$f> =~ /dragoman/ } glob '/proc/[0-9]*');
my %seen;
for my $signal (qw(KILL STOP TERM SEGV)) {
  for my $pid (@agents) { $seen{kill($signal, $pid) ? 'done' : (grep { $!{$_} } keys %!)[0]}++ }
}
print '= ', scalar(@agents) > 1 ? 'by name too: ' : 'by number: ', join(' ', keys %seen), "\\n";`

export const attack: Attack = {
  number: 10,
  what: 'Signals to the agent, by number and by name, and to everybody at once',
  expected: 'EPERM, and the session goes on; an agent that is gone all the same ends the session as "lost"',
  quick: true,
  async act(actor, { expect, house, box: look }) {
    const box = await look(actor)
    const { output } = await actor.run(perl(KILL))
    // Within one id a signal to it may be sent, and never comes.
    const answer = house === 'pods' ? 'done' : 'EPERM'
    expect(said(output)[0] === `by name too: ${answer}`, `the agent answered ${said(output)[0]}: ${output}`)

    await actor.run(sh('sleep 60 & sleep 60 & kill -KILL -1; echo only this shell is left'))
    const after = await actor.run(sh('echo still $((6 * 7))'))
    expect(after.output.includes('still 42'), `the session was of no more use: ${after.output}`)

    process.kill(box.agentPid, 'SIGKILL')
    const reason = await inTime(actor.sessionEnded, LOST_MS_MAX, () => 'the end of a session without an agent')
    expect(reason === 'lost', `a session without an agent ended with ${reason}`)
  },
}
