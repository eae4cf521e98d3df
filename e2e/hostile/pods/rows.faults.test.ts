import { afterAll, beforeAll, expect, test } from 'vitest'

import type { Actor } from '../actor.ts'
import { sh } from '../programs.ts'
import { loadRows } from '../rows.ts'
import { ASKED, ASKED_BY_TOOLS, EACH_ITS_OWN, whyNot } from './rows-on-pods.ts'
import { runInPods } from './run-in-pods.ts'
import { openPodStage, type PodStage } from './stage.ts'

/** Of pods whose visitors have left; nodes end them one after another. */
const GONE_MS_MAX = 60_000

const quick = new Set([...EACH_ITS_OWN, ...ASKED, ...ASKED_BY_TOOLS])
const rows = (await loadRows()).flatMap(({ name, attack }) =>
  quick.has(attack.number) ? [] : [{ name, attack, number: attack.number, why: whyNot(attack.number) }],
)

let stage: PodStage
/** One who does nothing, and must not notice anything. */
let bystander: Actor

beforeAll(async () => {
  stage = await openPodStage()
  bystander = await stage.openActor()
})
afterAll(async () => {
  const { canaries, traps } = stage
  await stage.close()
  expect([...canaries.failed(), ...traps.hits()]).toEqual([])
})

test.for(rows)(
  'row $number passes in pods, nobody else notices, and nothing is left: $name',
  async ({ attack, why }, context) => {
    if (why !== undefined) context.skip(why)
    expect(await runInPods(attack, stage, context)).toEqual([])
    const { output } = await bystander.run(sh('echo still $((6 * 7))'))
    expect(output).toContain('still 42')
    await expect.poll(stage.pods, { timeout: GONE_MS_MAX }).toHaveLength(1)
  },
)
