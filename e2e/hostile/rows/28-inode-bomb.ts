/**
 * A million empty files: they have no size, but each takes memory of the kernel, and removing them takes time. Expected:
 * ENOSPC at the number of inodes in each place, and the session is cleared away as fast as any (the ledger looks).
 */
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Attack, Expect } from '../attack.ts'
import type { Actor } from '../actor.ts'
import { perl, said } from '../programs.ts'

/** As the bundle has it for /tmp and /dev/shm. */
const TMP_INODES = 20_000

const FILL_MS_MAX = 60_000

const BOMB = `
use Errno;
for my $place ('/home/visitor', '/tmp', '/dev/shm') {
  my $made = 0;
  mkdir "$place/bomb";
  while ($made < 1_000_000 && open my $file, '>', "$place/bomb/$made") { $made++ }
  print "= $place $made ", (grep { $!{$_} } keys %!)[0], "\\n";
}
exit 1`

export const attack: Attack = {
  number: 28,
  what: 'A million empty files in each place that can be written to',
  expected: 'ENOSPC at the number of inodes, or in a pod, which has none, the end by its memory; cleared away in time',
  quick: true,
  async act(actor, { expect, house }) {
    if (house === 'pods') return fillsMemory(actor, expect)
    const { output, ending } = await actor.run(perl(BOMB))
    const places = said(output).map((line) => line.split(' '))
    expect(places.length === 3, `it printed ${output}`)
    for (const [place, made, errno] of places) {
      const max = place === '/home/visitor' ? DEFAULT_LIMITS.homeInodes : TMP_INODES
      expect(errno === 'ENOSPC' && Number(made) <= max, `${place}: ${made} files, then ${errno}`)
    }
    expect(ending?.reason === 'disk', `it ended with ${JSON.stringify(ending)}`)
  },
}

/** A pod's places have a size and no number of inodes: they take memory, which is no process's own, until the limit takes all. */
async function fillsMemory(actor: Actor, expect: Expect): Promise<void> {
  const { ending } = await actor.run(perl(BOMB), FILL_MS_MAX)
  const reason = ending?.reason ?? (await actor.sessionEnded)
  expect(['memory', 'lost'].includes(reason), `it ended with ${reason}`)
}
