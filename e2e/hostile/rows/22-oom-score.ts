/**
 * Makes itself the last to be killed and others the first, then takes all memory; once with one hog, once with many small
 * ones, so that each is smaller than the agent. Expected: the score goes up alone, others' are shut, the kernel kills in
 * the sandbox, and the session either goes on or ends with its reason.
 */
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Attack } from '../attack.ts'
import { perl, said, sh } from '../programs.ts'
import { inTime } from '../until.ts'

const END_MS_MAX = 30_000

const SCORES = `
own=$(cat /proc/self/oom_score_adj)
for score in -1000 -1 1000; do
  if sh -c "echo $score >/proc/self/oom_score_adj" 2>&-; then echo "= own $score: done"; else echo "= own $score: refused"; fi
done
for score in -1000 1000; do
  if (echo $score >/proc/1/oom_score_adj) 2>&-; then echo "= agent $score: done"; else echo "= agent $score: refused"; fi
done`

const MANY_HOGS = `
open my $score, '>', '/proc/self/oom_score_adj' or die; syswrite $score, '0'; close $score;
for (1..200) { next if fork; my $held = 'x' x (8 * 1024 * 1024); sleep 60 }
sleep 60`

const ONE_HOG = `
open my $score, '>', '/proc/self/oom_score_adj'; syswrite $score, '-1000'; syswrite $score, '0'; close $score;
my @held; push @held, 'x' x (4 * 1024 * 1024) for 1..1000; print "survived\\n"`

/** As far as is known of it when its agent was killed. */
const ENDS_OF_A_POD = ['memory', 'lost']

const EXPECTED = ['own -1000: refused', 'own -1: refused', 'own 1000: done', 'agent -1000: refused', 'agent 1000: refused']

export const attack: Attack = {
  number: 22,
  what: 'Lowers its own oom score, raises the agent’s, then takes all memory',
  expected: 'refused; the hog is killed and the agent lives, or the session ends with "memory"',
  quick: true,
  async act(actor, { expect, house, box: look, open }) {
    const box = await look(actor)
    box.assertLimits(DEFAULT_LIMITS)

    const { output } = await actor.run(sh(SCORES))
    const scores = said(output)
    expect(scores.join() === EXPECTED.join(), `scores: ${scores.join(', ')}`)

    const hog = await actor.run(perl(ONE_HOG))
    // A pod's agent begins with nearly the highest score. Where who sets scores may not fix them, a program gets below it.
    if (hog.ending === undefined && house === 'pods') {
      const reason = await actor.sessionEnded
      expect(ENDS_OF_A_POD.includes(reason), `a hog ended its session with ${reason}`)
    } else {
      expect(hog.ending?.reason === 'memory', `the hog ended with ${JSON.stringify(hog.ending)}: ${hog.output.slice(-200)}`)
      const after = await actor.run(sh('echo still $((6 * 7))'))
      expect(after.output.includes('still 42'), `the session was of no more use: ${after.output}`)
    }

    const other = await open()
    const job = await other.begin(perl(MANY_HOGS))
    const reason = await inTime(
      Promise.race([other.sessionEnded, other.ended(job, END_MS_MAX).then((ending) => ending?.reason ?? other.sessionEnded)]),
      END_MS_MAX,
      () => 'the end of many hogs',
    ).catch(async () => {
      await other.stop()
      return (await other.ended(job))?.reason
    })
    const ends = ['memory', 'stopped', ...(house === 'pods' ? ENDS_OF_A_POD : [])]
    expect(ends.includes(String(reason)), `many hogs ended with ${reason}`)
  },
}
