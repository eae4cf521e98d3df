import type { TestContext } from 'vitest'

import type { Actor } from '../actor.ts'
import type { Attack } from '../attack.ts'
import { inTime } from '../until.ts'
import { NodeElsewhere, type PodStage } from './stage.ts'

const ROW_MS_MAX = 90_000

/** How long a test of a row may take: the row, and pods that come and go. */
export const TEST_MS_MAX = ROW_MS_MAX + 60_000

/**
 * One row, by an actor of its own unless it is given one; answers what is not as it must be. Where its oracle would have to
 * read another machine the test is left out, and says so.
 */
export async function runInPods(attack: Attack, stage: PodStage, { skip }: TestContext, shared?: Actor): Promise<string[]> {
  const evidence: string[] = []
  const actors: Actor[] = []
  const open = async (lang?: string) => {
    const actor = await stage.openActor(lang)
    actors.push(actor)
    return actor
  }
  const scene = { ...stage, open, expect: (isSo: boolean, otherwise: string) => void (isSo || evidence.push(otherwise)) }
  try {
    const acting = attack.act(shared ?? (await open(attack.lang)), scene)
    await inTime(acting, attack.msMax ?? ROW_MS_MAX, () => 'the end of the row')
  } catch (error) {
    if (error instanceof NodeElsewhere) skip(error.message)
    evidence.push(error instanceof Error ? error.message : String(error))
  } finally {
    for (const actor of actors) {
      await actor.leave().catch((error: unknown) => evidence.push(`leaving: ${String(error)}`))
      actor.close()
    }
  }
  return evidence
}
