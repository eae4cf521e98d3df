import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Clock, Random } from '#lib/application/ports/time.ts'
import { collectTask } from '#lib/application/sessions/collect-task.ts'
import { Tasks } from '#lib/application/sessions/tasks.ts'
import { keptAs } from '#lib/application/pool/kept-as.ts'
import { heard, prepare, startPlain, type Warm } from '#lib/application/sessions/warm-up.ts'
import { sandboxId, type LangId, type SandboxId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { terminalSize } from '#lib/domain/terminal-size.ts'
import { plainText } from '#lib/domain/terminal-text.ts'

/** One asking, from a sandbox's start to the answer. */
export const VERSION_MS_MAX = 20_000
/** A language that did not answer is not asked again before that. */
export const ASK_AGAIN_MS = 60_000
/** Of the answer, in characters. */
export const VERSION_CHARS_MAX = 200

type World = {
  readonly sandboxes: Sandboxes
  readonly clock: Clock
  readonly random: Random
  readonly metrics: Metrics
  readonly refusal: () => Problem | undefined
}
type Answer = Result<{ readonly text: string }, Problem>

/**
 * The version that each language really has here. It is asked for in a sandbox that no visitor's program was in, since
 * what a visitor can touch could be made to say anything to everybody; one language at a time, and each only once until it changes.
 */
export class Versions {
  readonly #world: World
  readonly #answers = new Map<LangId, { readonly answer: Promise<Answer>; readonly at: number; readonly of: string }>()
  readonly #known = new Map<LangId, string>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(world: World) {
    this.#world = world
  }

  /** Undefined while nobody has asked. */
  known(id: LangId): string | undefined {
    return this.#known.get(id)
  }

  of(language: Language): Promise<Answer> {
    const { versionCommand, id } = language
    const refusal = this.#world.refusal()
    if (refusal) return Promise.resolve(err(refusal))
    if (versionCommand === undefined) return Promise.resolve(err({ code: 'no_such_task', task: 'version' }))
    const key = keptAs(language)
    const earlier = this.#answers.get(id)
    const before = earlier?.of === key ? earlier : undefined
    if (!before) this.#known.delete(id)
    const now = this.#world.clock.now()
    if (before && (this.#known.has(id) || now - before.at < ASK_AGAIN_MS)) return before.answer
    const answer = this.#turn.then(() => this.#ask(language, versionCommand))
    this.#turn = answer.catch(() => undefined)
    this.#answers.set(id, { answer, at: now, of: key })
    return answer
  }

  async #ask(language: Language, command: string): Promise<Answer> {
    const stop = new AbortController()
    const cancel = this.#world.clock.after(VERSION_MS_MAX, () => stop.abort(new Error('time is up')))
    const warm = await this.#sandbox(language, stop.signal)
    try {
      if (!warm.ok) return warm
      const text = await answerOf(warm.value, command, this.#world.random.hex(16), stop.signal)
      if (text === undefined) return err({ code: 'start_failed' })
      if (this.#answers.get(language.id)?.of === keptAs(language)) this.#known.set(language.id, text)
      return ok({ text })
    } catch {
      return err({ code: 'lost' })
    } finally {
      cancel()
      if (warm.ok) {
        warm.value.link.close('done')
        await warm.value.sandbox.destroy()
      }
    }
  }

  async #sandbox(language: Language, signal: AbortSignal): Promise<Result<Warm, Problem>> {
    const id = sandboxId(`sb${this.#world.random.hex(10)}`) as SandboxId // ten bytes are the twenty digits that an id has
    const plain = await startPlain(this.#world, id, language, signal)
    const warm = plain.ok ? await prepare(this.#world, plain.value, withoutPrompt(language), terminalSize(80, 24), signal) : plain
    return warm.ok ? warm : err({ code: 'start_failed' })
  }
}

function withoutPrompt(language: Language): Language {
  const bare = { ...language }
  delete (bare as { repl?: string }).repl
  return bare
}

/** The first line that says something. */
async function answerOf({ link }: Warm, command: string, session: string, signal: AbortSignal): Promise<string | undefined> {
  const claimed = heard(link, ['claimed'], signal)
  link.send({ type: 'claim', session, epoch: 1, token: session, lifeMs: VERSION_MS_MAX })
  await claimed
  const tasks = new Tasks(link)
  link.listen({
    message: (message) => void (message.type === 'task-ended' && tasks.ended(message)),
    output() {},
    taskOutput: (stream, offset, bytes) => tasks.output(stream, offset, bytes),
    closed: () => tasks.lost(),
  })
  const ended = await collectTask(tasks, { command, timeMs: VERSION_MS_MAX })
  if (!ended.ok || ended.value.code !== 0) return undefined
  const lines = plainText(Buffer.from(ended.value.output).toString()).split('\n')
  return lines
    .find((line) => line.trim() !== '')
    ?.trim()
    .slice(0, VERSION_CHARS_MAX)
}
