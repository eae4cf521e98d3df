import { randomBytes } from 'node:crypto'

import type { Sandbox, Sandboxes } from '#lib/application/ports/sandboxes.ts'
import { sandboxId } from '#lib/domain/ids.ts'
import { DEFAULT_LIMITS, type Limits } from '#lib/domain/limits.ts'

import { runTasks } from './agent-tasks.ts'
import type { RuntimeName } from './runtime.ts'
import { selfTestCases, type SelfTestCase } from './self-test-cases.ts'
import { gvisorCases } from './self-test-gvisor.ts'

const MIB = 1024 * 1024
/** For all of it; it takes a fraction of that. */
const SELF_TEST_MS_MAX = 30_000
/** Small, so that they are reached at once. */
const TIGHT: Limits = { ...DEFAULT_LIMITS, memoryBytes: 128 * MIB, processes: 48 }

export type SelfTestResult = { readonly name: string; readonly ok: boolean; readonly detail: string }

/**
 * Hostile programs, run at start as a visitor's would be: through the real driver and the real agent. While one of them
 * gets what it wants, no visitor may be let in; what cannot be run counts as failed.
 */
export async function selfTest(sandboxes: Sandboxes, runtime: RuntimeName, oneId = false): Promise<SelfTestResult[]> {
  const signal = AbortSignal.timeout(SELF_TEST_MS_MAX)
  const [cases, limitsHold] = runtime === 'runsc' ? [gvisorCases, limitsHoldInside] : [selfTestCases, limitsHoldOutside]
  const results = await Promise.all([
    within(sandboxes, DEFAULT_LIMITS, signal, (sandbox) => looks(cases(DEFAULT_LIMITS, process.arch, oneId), sandbox, signal)),
    within(sandboxes, TIGHT, signal, (sandbox) => limitsHold(sandbox, signal)),
  ])
  return results.flat()
}

async function within(
  sandboxes: Sandboxes,
  limits: Limits,
  signal: AbortSignal,
  test: (sandbox: Sandbox) => Promise<SelfTestResult[]>,
): Promise<SelfTestResult[]> {
  const name = 'a sandbox starts and obeys'
  const id = sandboxId(`sb${randomBytes(10).toString('hex')}`)
  if (!id) throw new Error('Cannot name a sandbox for the self-test')
  try {
    const started = await sandboxes.start(id, { limits }, signal)
    if (!started.ok) return [{ name, ok: false, detail: 'why' in started.error ? started.error.why : started.error.code }]
    return await test(started.value).finally(() => started.value.destroy())
  } catch (error) {
    return [{ name, ok: false, detail: String(error) }]
  }
}

/** One shell runs all cases one after another: programs start fast, so that this is less than the cost of many tasks. */
async function looks(cases: readonly SelfTestCase[], sandbox: Sandbox, signal: AbortSignal): Promise<SelfTestResult[]> {
  const script = cases.map((one) => `printf '\\036'; (\n${one.script}\n) 2>&1\n`).join('')
  const { canary, outcomes } = await runTasks(sandbox, [script], signal)
  const outputs = (outcomes[0]?.output ?? '').split('\x1e').slice(1)
  return [
    { name: 'the network canary is blocked', ok: canary === 'blocked', detail: String(canary) },
    ...cases.map((one, i) => judge(one, outputs[i])),
  ]
}

function judge({ name, expected }: SelfTestCase, output: string | undefined): SelfTestResult {
  if (output === undefined) return { name, ok: false, detail: 'it did not run' }
  const detail = output.trim().replace(/\s+/g, ' ')
  return { name, ok: typeof expected === 'string' ? detail === expected : expected(detail), detail }
}

/** Forks until it is refused, says how often it was not, and ends what it made. */
const FORKS = `perl -e '
my @made;
while (defined(my $pid = fork)) { $pid ? push @made, $pid : sleep 60 }
print scalar @made; kill 9, @made; 1 while wait > 0'`
/** Takes four times what there is. A kernel that swapped instead of killing would let it. */
const HOARD = `perl -e '
if (my $pid = fork) { waitpid $pid, 0; print $? & 127; exit }
my @held; push @held, "x" x ${4 * MIB} for 1..${TIGHT.memoryBytes / MIB}; print "held "'`
const SIGKILL = '9'

async function limitsHoldOutside(sandbox: Sandbox, signal: AbortSignal): Promise<SelfTestResult[]> {
  await sandbox.mark()
  const { outcomes } = await runTasks(sandbox, [`${FORKS}; printf '\\036'; ${HOARD}`], signal)
  const counted = await sandbox.read()
  const [forks = '', hoard] = (outcomes[0]?.output ?? '').split('\x1e').map((output) => output.trim())
  return [
    processesHold(forks, counted?.forksRefused !== 0, `${counted?.forksRefused} refused`),
    memoryHolds(hoard === SIGKILL && counted?.oomKills !== 0, `signal ${hoard}, ${counted?.oomKills} kills`),
  ]
}

/** Where the kernel is a program itself, it counts processes, and what is short of memory ends as a whole. */
async function limitsHoldInside(sandbox: Sandbox, signal: AbortSignal): Promise<SelfTestResult[]> {
  const { outcomes } = await runTasks(sandbox, [FORKS], signal)
  const forks = (outcomes[0]?.output ?? '').trim()
  const hoarded = await runTasks(sandbox, [HOARD], signal).then(
    (tasks) => tasks.outcomes[0]?.output,
    () => undefined,
  )
  const reason = hoarded === undefined ? (await sandbox.exited).reason : 'none'
  return [processesHold(forks, true, 'counted inside'), memoryHolds(reason === 'memory', `it ended by "${reason}", ${hoarded}`)]
}

const processesHold = (forks: string, wasCounted: boolean, how: string): SelfTestResult => ({
  name: 'the limit of processes holds',
  ok: Number(forks) > 0 && Number(forks) < TIGHT.processes && wasCounted,
  detail: `${forks} forks of ${TIGHT.processes}, ${how}`,
})

const memoryHolds = (ok: boolean, detail: string): SelfTestResult => ({ name: 'the limit of memory kills', ok, detail })
