import { percentile } from '../../../cli/bench/figures.ts'
import type { Actor } from '../actor.ts'
import type { Verdict } from '../attack.ts'
import { pause } from '../until.ts'

/** From one visit to the next. */
const VISIT_EVERY_MS = 5000
const VISIT_LOOK_MS = 50
/** The last so many visits before the attack make the baseline. */
const BASELINE_VISITS = 3
/** Who waits less for a prompt was not kept out. */
export const READY_MS_MAX = 1500

/** A new visitor every few seconds: whether it still finds a prompt as soon as before the attack. */
export type Newcomer = {
  /** Settles with the baseline renewed: how long a prompt takes just before the attack. */
  attackBegins(): Promise<void>
  /** Settles after the visit under way; there is one at least. */
  attackEnds(): Promise<Verdict>
}

export async function watchNewcomers(open: () => Promise<Actor>): Promise<Newcomer> {
  const visit = async () => {
    const began = performance.now()
    const actor = await open()
    const ms = performance.now() - began
    await actor.leave()
    actor.close()
    return ms
  }
  const before: number[] = []
  while (before.length < BASELINE_VISITS) before.push(await visit())
  let baselineMs = 0

  let isOn = false
  let visits: number[] = []
  let round: Promise<void> = Promise.resolve()
  async function visitAgain(): Promise<void> {
    while (isOn) {
      const began = performance.now()
      visits.push(await visit().catch(() => Infinity))
      while (isOn && performance.now() - began < VISIT_EVERY_MS) await pause(VISIT_LOOK_MS)
    }
  }
  return {
    async attackBegins() {
      before.push(await visit())
      baselineMs = percentile(before.slice(-BASELINE_VISITS), 0.5)
      isOn = true
      visits = []
      round = visitAgain()
    },
    async attackEnds() {
      isOn = false
      await round
      return judgeNewcomer(visits, baselineMs)
    },
  }
}

export function judgeNewcomer(visits: readonly number[], baselineMs: number): Verdict {
  const max = Math.max(READY_MS_MAX, 2 * baselineMs)
  const worst = Math.max(...visits)
  if (visits.length === 0) return { slow: [], failed: ['no newcomer came'] }
  if (worst === Infinity) return { slow: [], failed: ['a newcomer found no prompt'] }
  const slow = `a newcomer waited ${Math.round(worst)} ms for a prompt, ${Math.round(max)} are allowed`
  return { slow: worst > max ? [slow] : [], failed: [] }
}
