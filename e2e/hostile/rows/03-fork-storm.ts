/**
 * Forks and exits as fast as it goes, never above the limit, and leaves orphans for process 1 to bury. Expected: the
 * share of the processor holds, the dead do not pile up, nobody else notices.
 */
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Attack } from '../attack.ts'
import { perl } from '../programs.ts'
import { becomes, pause } from '../until.ts'

const STORM_MS = 3000
const WORKERS = 4
/** More than the kernel's bookkeeping of a period can be off. */
const SLACK = 1.15
/** On a machine that is busy otherwise it gets less than its quota, but it gets this in the end. */
const STORMED_MS = 300
const STORMED_MS_MAX = 30_000
const BURIED_MS_MAX = 2000

const STORM = `
for (1..${WORKERS}) { next if fork; for (;;) { my $pid = fork; defined $pid or next; if (!$pid) { fork; exit } waitpid $pid, 0 } }
sleep 60`

export const attack: Attack = {
  number: 3,
  what: 'A storm of processes that end at once and leave orphans',
  expected: 'processor and processes stay within the limits, and no zombie is left two seconds after the stop',
  quick: true,
  async act(actor, { expect, box: look }) {
    const box = await look(actor)
    box.assertLimits(DEFAULT_LIMITS)

    const job = await actor.begin(perl(STORM))
    const [cpuBefore, began] = [box.cpuMs(), performance.now()]
    let mostProcesses = 0
    while (performance.now() - began < STORM_MS) {
      mostProcesses = Math.max(mostProcesses, box.count('pids.current'))
      await pause(50)
    }
    const share = (box.cpuMs() - cpuBefore) / (performance.now() - began)
    expect(share <= DEFAULT_LIMITS.cpus * SLACK, `it used ${share.toFixed(2)} processors`)
    const hasStormed = await becomes(() => box.cpuMs() - cpuBefore >= STORMED_MS, STORMED_MS_MAX)
    expect(hasStormed, `it used only ${Math.round(box.cpuMs() - cpuBefore)} ms: it did not storm`)
    expect(mostProcesses <= box.processesMax, `${mostProcesses} processes at once`)

    await actor.stop()
    await actor.ended(job)
    const zombies = () => box.processes().filter(({ state }) => state === 'Z')
    const areBuried = await becomes(() => zombies().length === 0, BURIED_MS_MAX)
    expect(areBuried, `${zombies().length} zombies are left`)
  },
}
