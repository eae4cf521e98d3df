import type { Check, Language, Typed } from '#lib/domain/language.ts'
import type { Problem } from '#lib/domain/problem.ts'
import type { Result } from '#lib/domain/result.ts'

import type { Clock } from '../ports/time.ts'
import { deadline, type Deadline } from './deadline.ts'
import { greets, holds } from './expected.ts'
import { problemWords } from './problem-words.ts'
import { withScope } from './scoped-template.ts'
import type { CheckTerminal } from './terminal.ts'
import { format, lsp } from './tool-checks.ts'
import { seen, until, untilPrompt, type Waited } from './watch.ts'

/** What is shown of the output when a check fails, in characters from its end. */
export const TAIL_CHARS = 2000

export type CheckResult = {
  readonly lang: string
  readonly check: Check
  readonly ok: boolean
  readonly ms: number
  readonly why?: string
  readonly output?: string
}

type World = { readonly terminal: CheckTerminal; readonly language: Language; readonly clock: Clock; readonly end: Deadline }

/** Does one check in a session of the language, within the language's time. */
export async function runCheck(check: Check, language: Language, terminal: CheckTerminal, clock: Clock): Promise<CheckResult> {
  const began = clock.now()
  const end = deadline(clock, language.checks.timeoutMs)
  try {
    const result = await CHECK[check]({ terminal, language, clock, end })
    const told = { lang: language.id, check, ok: result.ok, ms: Math.round(clock.now() - began) }
    return result.ok ? told : { ...told, why: result.why, output: (result.output ?? seen(terminal)).slice(-TAIL_CHARS) }
  } finally {
    end.cancel()
  }
}

type Outcome = Waited & { readonly output?: string }

const CHECK: Readonly<Record<Check, (world: World) => Promise<Outcome>>> = { ensure, run, repl, runrepl, scope, format, lsp }

async function ensure({ terminal, end }: World): Promise<Outcome> {
  const call = terminal.task('ensure')
  if ((await end.first(call)) === 'later') return { ok: false, why: 'time was up before it ended', output: '' }
  const ended = await call
  if (!ended.ok) return { ok: false, why: problemWords(ended.error), output: '' }
  const { code, signal, timedOut, output } = ended.value
  if (code === 0) return { ok: true }
  const why = timedOut ? 'it took too long' : `it ended with ${signal ?? `status ${code ?? 'unknown'}`}`
  return { ok: false, why, output }
}

async function run(world: World): Promise<Outcome> {
  const { terminal, end, language } = world
  const { checks } = language
  const begun = await began(world, terminal.run([{ path: language.main, text: language.template }]))
  if (!begun.ok) return begun
  await type(world, checks.helloInput)
  const greeted = await until(terminal, end, `it printed ${JSON.stringify(checks.hello)}`, () => greets(seen(terminal), checks))
  if (!greeted.ok || checks.helloStatus === undefined) return greeted

  await until(terminal, end, 'it ended', () => terminal.job().state === 'ended')
  const { state, ending } = terminal.job()
  if (state !== 'ended') return { ok: false, why: 'it printed what it should, but did not end' }
  return ending?.code === checks.helloStatus
    ? { ok: true }
    : { ok: false, why: `it ended with ${ending?.code ?? ending?.reason ?? 'no status'}, not ${checks.helloStatus}` }
}

async function repl(world: World): Promise<Outcome> {
  const begun = await began(world, world.terminal.repl())
  return begun.ok ? answers(world, world.language.checks.input, world.language.checks.output) : begun
}

async function runrepl(world: World): Promise<Outcome> {
  const { terminal, language } = world
  const begun = await began(world, terminal.run([{ path: language.main, text: language.template }]))
  return begun.ok ? answers(world, language.checks.runReplInput, language.checks.runReplOutput) : begun
}

async function scope(world: World): Promise<Outcome> {
  const { terminal, language } = world
  const { checks } = language
  if (!checks.scope) return { ok: false, why: 'the language has no scope check' }
  const text = withScope(language.template, checks.scope)
  const begun = await began(world, terminal.run([{ path: language.main, text }]))
  return begun.ok ? answers(world, checks.scope.input, checks.scope.output) : begun
}

async function began({ end }: World, call: Promise<Result<unknown, Problem>>): Promise<Waited> {
  if ((await end.first(call)) === 'later') return { ok: false, why: 'time was up before it began' }
  const begun = await call
  return begun.ok ? { ok: true } : { ok: false, why: problemWords(begun.error) }
}

/** Some line editors print their prompt, then take the terminal over and drop what was typed between; nobody types as fast. */
export const SETTLE_MS = 150

/** Waits for the prompt, types, and waits for the answer to come after that. */
async function answers(world: World, input: readonly Typed[], output: string): Promise<Outcome> {
  const { terminal, end, language } = world
  const ready = await untilPrompt(terminal, end, language)
  if (!ready.ok) return ready
  await type(world, [{ delayMs: SETTLE_MS }])
  const before = seen(terminal).length
  await type(world, input)
  return until(terminal, end, `it answered ${JSON.stringify(output)}`, () => holds(seen(terminal).slice(before), output))
}

async function type({ terminal, end }: World, typed: readonly Typed[]): Promise<void> {
  for (const one of typed) {
    if ('line' in one) terminal.type(`${one.line}\r`)
    else await end.first(new Promise<never>(() => undefined), one.delayMs)
  }
}
