import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import type { Clock, Random } from '#lib/application/ports/time.ts'
import { sandboxId, type SandboxId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import { terminalSize } from '#lib/domain/terminal-size.ts'

import { collectTask } from '../sessions/collect-task.ts'
import { Tasks } from '../sessions/tasks.ts'
import { CANARY_OPEN } from '../sessions/agent-link.ts'
import { heard, prepare, startPlain, type Warm } from '../sessions/warm-up.ts'
import { cases, type Case } from './cases.ts'

/** For all of it, from the sandbox's start; an image may have to be fetched first. */
const PROVE_MS_MAX = 60_000
const TASK_MS_MAX = 30_000
/** On a busy machine what can be reached is reached later; nobody waits for a prompt here. */
const CANARY_MS = 2000

export type Proof = { readonly name: string; readonly ok: boolean; readonly detail: string }
/** What is proven of the network by an agent that could not get out. */
const NETWORK_POLICY = 'network_policy'

type World = { readonly sandboxes: Sandboxes; readonly clock: Clock; readonly metrics: Metrics; readonly random: Random }

/**
 * Hostile programs, run as a visitor's would be, in a sandbox of a language on its image: does the cluster keep what its
 * objects ask for? While one of them gets what it wants, no visitor may be let in; what cannot be tried counts as failed.
 */
export async function proveSandbox(
  world: World,
  language: Language,
  userNamespaces: boolean,
  signal: AbortSignal,
): Promise<readonly Proof[]> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(PROVE_MS_MAX)])
  const id = sandboxId(`sb${world.random.hex(10)}`) as SandboxId // ten bytes are the twenty digits that an id has
  const plain = await startPlain(world, id, language, within)
  const size = terminalSize(80, 24)
  const warm = plain.ok ? await prepare(world, plain.value, withoutPrograms(language), size, within, CANARY_MS) : plain
  if (!warm.ok) {
    if (warm.error.code === CANARY_OPEN) return [REACHED]
    return [startsAndObeys('why' in warm.error ? warm.error.why : warm.error.code)]
  }
  const { homeBytes, tmpBytes } = language.limits
  try {
    const proofs = await run(warm.value, cases({ userNamespaces, homeBytes, tmpBytes }), within)
    const detail = warm.value.sandbox.canary === 'tolerated' ? 'an open network is tolerated' : 'nothing was reached'
    return [{ name: NETWORK_POLICY, ok: true, detail }, ...proofs]
  } catch (error) {
    return String(error).includes(CANARY_OPEN) ? [REACHED] : [startsAndObeys(String(error))]
  } finally {
    warm.value.link.close('done')
    await warm.value.sandbox.destroy()
  }
}

const REACHED: Proof = { name: NETWORK_POLICY, ok: false, detail: 'something was reached' }
const startsAndObeys = (detail: string): Proof => ({ name: 'a sandbox starts and obeys', ok: false, detail })

/** Its own set-up and prompt have nothing to do with what is asked here, and may be what is wrong. */
function withoutPrograms(language: Language): Language {
  const bare = { ...language }
  for (const name of ['repl', 'setup', 'daemon'] as const) delete (bare as { [name in typeof name]?: string })[name]
  return bare
}

/** One shell runs all of them, one after another. */
async function run({ link }: Warm, all: readonly Case[], signal: AbortSignal): Promise<Proof[]> {
  const claimed = heard(link, ['claimed'], signal)
  link.send({ type: 'claim', session: 'self-test', epoch: 1, token: 'self-test', lifeMs: PROVE_MS_MAX })
  await claimed
  const tasks = new Tasks(link)
  let closed = ''
  link.listen({
    message: (message) => void (message.type === 'task-ended' && tasks.ended(message)),
    output() {},
    taskOutput: (stream, offset, bytes) => tasks.output(stream, offset, bytes),
    closed(why) {
      closed = why
      tasks.lost()
    },
  })
  const command = all.map(({ script }) => `printf '\\036'; (\n${script}\n) 2>&1\n`).join('')
  const ended = await collectTask(tasks, { command, timeMs: TASK_MS_MAX })
  if (!ended.ok) throw new Error(`The programs were not run to their end: ${closed || ended.error.code}`)
  const outputs = Buffer.from(ended.value.output).toString('latin1').split('\x1e').slice(1)
  return all.map((one, i) => judge(one, outputs[i]))
}

function judge({ name, expected }: Case, output: string | undefined): Proof {
  if (output === undefined) return { name, ok: false, detail: 'it did not run' }
  const detail = output.trim().replace(/\s+/g, ' ')
  return { name, ok: typeof expected === 'string' ? detail === expected : expected(detail), detail }
}
