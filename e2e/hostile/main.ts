import { accessSync } from 'node:fs'
import { constants } from 'node:os'

import type { Outcome } from './attack.ts'
import { isOnlyOne } from './only-one.ts'
import { burials } from './oracles/burials.ts'
import { watchBystander } from './oracles/bystander.ts'
import { watchNewcomers } from './oracles/newcomer.ts'
import { ledgerOf, runRow } from './run-row.ts'
import { loadRows, type Row } from './rows.ts'
import { openStage } from './scene.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const words = process.argv.slice(2)
const isJson = words.includes('--json')
const isQuick = words.includes('--quick')
const numbers = words.filter((word) => !word.startsWith('--'))
const unknown = words.find((word) => !/^(\d+|--json|--quick)$/.test(word))
const rows = await loadRows()
const absent = numbers.find((number) => !rows.some(({ attack }) => attack.number === Number(number)))
if (unknown !== undefined || absent !== undefined) {
  process.stderr.write(`There is no ${unknown ?? `row ${absent}`}\nUsage: npm run hostile [-- NUMBER… | --quick] [--json]\n`)
  process.exit(2)
}

if (!(await isOnlyOne())) {
  process.stderr.write('The hostile programs run already on this machine\n')
  process.exit(1)
}

const chosen = rows.filter(({ attack }) =>
  numbers.length > 0 ? numbers.map(Number).includes(attack.number) : !isQuick || attack.quick,
)
const outcomes: Outcome[] = []
for (const [env, group] of byServer(chosen)) outcomes.push(...(await runGroup(JSON.parse(env), group)))
summarise()

/** Rows that need the same server, by its options. */
function byServer(all: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of all) {
    const env = JSON.stringify(row.attack.env ?? {})
    groups.set(env, [...(groups.get(env) ?? []), row])
  }
  return groups
}

async function runGroup(env: Record<string, string>, group: readonly Row[]): Promise<Outcome[]> {
  const stage = await openStage(env)
  // Whoever ends us ends the server too: it is in a group of its own, and would go on alone.
  const end = (signal: NodeJS.Signals) => void stage.close().finally(() => process.exit(128 + constants.signals[signal]))
  for (const signal of SIGNALS) process.once(signal, end)
  try {
    const newcomer = await watchNewcomers(() => stage.openActor())
    const bystander = await watchBystander(await stage.openActor(), await stage.openActor(), stage.secret)
    const oracles = { bystander, newcomer, ledger: ledgerOf(stage), burials: burials(stage.uids) }
    const done: Outcome[] = []
    for (const { name, attack } of group) {
      const lacking = (attack.needs ?? []).filter((command) => !isThere(command))
      const outcome: Outcome =
        lacking.length > 0
          ? { number: attack.number, name, state: 'skipped', ms: 0, evidence: [`there is no ${lacking.join(', ')} here`] }
          : await runRow(name, attack, stage, oracles)
      say(outcome)
      done.push(outcome)
    }
    const unburied = await oracles.burials.failed()
    if (unburied.length > 0) {
      const after: Outcome = { number: 0, name: 'burials', state: 'failed', ms: 0, evidence: unburied }
      say(after)
      done.push(after)
    }
    bystander.close()
    return done
  } finally {
    for (const signal of SIGNALS) process.off(signal, end)
    await stage.close()
  }
}

/** A sandbox sees the host's programs below /usr alone. */
function isThere(command: string): boolean {
  try {
    accessSync(`/usr/bin/${command}`)
    return true
  } catch {
    return false
  }
}

function say({ number, name, state, ms, evidence }: Outcome): void {
  if (isJson) return
  process.stdout.write(`${String(number).padStart(3)}  ${name.padEnd(28)} ${state.padEnd(7)} ${String(ms).padStart(6)} ms\n`)
  for (const line of evidence) process.stdout.write(`      ${shown(line)}\n`)
}

/** What a hostile program printed is shown to somebody at a terminal: its control bytes are not sent there. */
function shown(line: string): string {
  return line
    .replaceAll('\n', '\n      ')
    .replace(/[^\P{Cc}\n]/gu, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

function summarise(): void {
  const count = (state: Outcome['state']) => outcomes.filter((outcome) => outcome.state === state).length
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')]
  if (isJson) process.stdout.write(`${JSON.stringify(outcomes, undefined, 2)}\n`)
  process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
  process.exitCode = failed > 0 ? 1 : 0
}
