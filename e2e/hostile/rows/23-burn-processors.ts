/**
 * Burns every processor with many processes, and asks for real-time scheduling and a better nice value first. Expected:
 * both are refused, and the quota holds whatever they do.
 */
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Attack } from '../attack.ts'
import { compareWithGolden } from '../golden.ts'
import { c, said } from '../programs.ts'
import { becomes, pause } from '../until.ts'

const BURN_MS = 4000
/** More than the kernel's bookkeeping of a period can be off. */
const SLACK = 1.1
/** On a machine that is busy otherwise it gets less than its quota, but it gets this in the end. */
const BURNT_MS = 500
const BURNT_MS_MAX = 30_000

export const attack: Attack = {
  number: 23,
  what: 'Burns all processors, asking for real-time priority',
  expected: 'the priority is refused and the quota holds',
  quick: true,
  needs: ['gcc'],
  async act(actor, scene) {
    const { expect, box: look } = scene
    const box = await look(actor)
    box.assertLimits(DEFAULT_LIMITS)

    await actor.begin(c('burn'))
    await actor.saw('burning')
    const from = { cpu: box.cpuMs(), at: performance.now() }
    await pause(BURN_MS)
    const share = (box.cpuMs() - from.cpu) / (performance.now() - from.at)
    expect(share <= DEFAULT_LIMITS.cpus * SLACK, `it used ${share.toFixed(2)} processors`)
    const hasBurnt = await becomes(() => box.cpuMs() - from.cpu >= BURNT_MS, BURNT_MS_MAX)
    expect(hasBurnt, `it used only ${Math.round(box.cpuMs() - from.cpu)} ms: it did not burn`)
    const output = actor.output().replaceAll('\r\n', '\n')
    compareWithGolden('burn', said(output), scene, output)
    await actor.stop()
  },
}
