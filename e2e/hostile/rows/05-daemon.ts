/**
 * A classic daemon: forks twice, takes a session of its own, closes its terminal and sleeps. Programs that outlive the
 * run which started them are the commonest leftover of every playground there has been. Expected: it dies with that run,
 * with a stop, and with the session, within two seconds each time.
 */
import type { Attack } from '../attack.ts'
import { perl, sh } from '../programs.ts'
import { becomes } from '../until.ts'

const GONE_MS_MAX = 2000
/** A pod is ended by its node, which may have others to end. */
const POD_GONE_MS_MAX = 30_000

const daemon = (marker: string, then: string) => `
use POSIX;
if (!fork) {
  setsid();
  exit if fork;
  $0 = '${marker}';
  close STDIN; close STDOUT; close STDERR;
  sleep 600;
}
wait;
$| = 1;
print "daemon begun\\n";
${then}`

export const attack: Attack = {
  number: 5,
  what: 'A daemon that has left its session, its terminal and its parent',
  expected: 'it is gone two seconds after its run, after a stop, and after its session',
  quick: true,
  async act(actor, { expect, house, box: look }) {
    const box = await look(actor)
    const lives = (marker: string) => box.processes().some(({ command }) => command.includes(marker))
    const isGone = (marker: string, ms = GONE_MS_MAX) => becomes(() => !lives(marker), ms)

    await actor.run(perl(daemon('marker-of-run', 'sleep 0')))
    expect(await isGone('marker-of-run'), 'a daemon outlived its run')

    const job = await actor.begin(perl(daemon('marker-of-stop', 'sleep 600')))
    await actor.saw('daemon begun')
    expect(lives('marker-of-stop'), 'the daemon never ran')
    await actor.stop()
    await actor.ended(job)
    expect(await isGone('marker-of-stop'), 'a daemon outlived a stop')

    await actor.begin(sh(`perl -e '${daemon('marker-of-session', 'sleep 600').replaceAll("'", `'\\''`)}'`))
    await actor.saw('daemon begun')
    await actor.leave()
    expect(await isGone('marker-of-session', house === 'pods' ? POD_GONE_MS_MAX : GONE_MS_MAX), 'a daemon outlived its session')
  },
}
