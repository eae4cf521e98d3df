import type { Actor } from './actor.ts'
import type { Attack, Outcome } from './attack.ts'
import type { Bystander } from './oracles/bystander.ts'
import type { Burials } from './oracles/burials.ts'
import { ledgerReader, settled, type Ledger } from './oracles/ledger.ts'
import type { Newcomer } from './oracles/newcomer.ts'
import type { Scene, Stage } from './scene.ts'
import { inTime } from './until.ts'

/** A row that takes longer hangs, which no attacker may bring about either. */
const ROW_MS_MAX = 90_000
/** A house that an attack really slows is slow each time. */
const TRIES_MAX = 3

export type Oracles = {
  readonly bystander: Bystander
  readonly newcomer: Newcomer
  readonly ledger: () => Ledger
  readonly burials: Burials
}

export const ledgerOf = (stage: Stage) =>
  ledgerReader({ serverPid: stage.server.process.pid ?? 0, dataDir: stage.dataDir, uids: stage.uids })

/** One attack. Others use this machine too: what was only slow is tried again, with a baseline of its own, and that is told. */
export async function runRow(...row: Parameters<typeof runOnce>): Promise<Outcome> {
  const before: string[] = []
  for (let tries = 1; ; tries++) {
    const outcome = await runOnce(...row)
    if (outcome.isOnlySlow && tries < TRIES_MAX) before.push(`try ${tries}: ${outcome.evidence.join('; ')}`)
    else return { ...outcome, evidence: [...before, ...outcome.evidence] }
  }
}

/** With everybody else watching. */
async function runOnce(name: string, attack: Attack, stage: Stage, oracles: Oracles): Promise<Outcome> {
  const began = performance.now()
  const evidence: string[] = []
  const actors: Actor[] = []
  const { bystander, newcomer, ledger, burials } = oracles
  const open = async (lang?: string) => {
    const actor = await stage.openActor(lang)
    actors.push(actor)
    return actor
  }
  const scene: Scene = { ...stage, open, expect: (isSo, otherwise) => void (isSo || evidence.push(otherwise)) }

  stage.canaries.reset()
  const [before, hitsBefore] = [ledger(), stage.traps.hits().length]
  await newcomer.attackBegins()
  bystander.attackBegins()
  try {
    await inTime(attack.act(await open(attack.lang), scene), attack.msMax ?? ROW_MS_MAX, () => 'the end of the row')
  } catch (error) {
    evidence.push(error instanceof Error ? error.message : String(error))
  }
  const verdicts = [await newcomer.attackEnds(), bystander.verdict()]
  evidence.push(...verdicts.flatMap(({ failed }) => failed))
  for (const actor of actors) {
    await actor.leave().catch((error: unknown) => evidence.push(`leaving: ${String(error)}`))
    actor.close()
  }
  evidence.push(...(await settled(ledger, before)))
  burials.expect(`row ${attack.number}`)
  evidence.push(...stage.canaries.failed())
  const hits = stage.traps.hits().slice(hitsBefore)
  if (hits.length > 0) evidence.push(`a trap was reached: ${hits.slice(0, 10).join(', ')}`)
  const slow = verdicts.flatMap((verdict) => verdict.slow)
  const ms = Math.round(performance.now() - began)
  const outcome = { number: attack.number, name, ms, evidence: [...evidence, ...slow] }
  if (outcome.evidence.length === 0) return { ...outcome, state: 'passed' }
  return { ...outcome, state: 'failed', isOnlySlow: evidence.length === 0 }
}
