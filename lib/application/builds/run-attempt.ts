import type { AttemptEnd, BuildQueue, Leased } from '#lib/application/ports/build-queue.ts'
import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { Artifact } from '#lib/domain/artifact.ts'
import type { Outcome } from '#lib/domain/build.ts'
import { heartbeat } from './heartbeat.ts'
import { LogWriter, type LogWriterWorld } from './log-writer.ts'

/** What is told to stop has this long; after it the attempt ends without it. */
export const STOP_GRACE_MS = 10_000
const RETRY_MS = 1000

/** Does a step. It ends soon after the signal, whose reason it need not know; what it throws is the machinery's fault. */
export type StepRunner = (
  leased: Leased,
  tools: {
    readonly signal: AbortSignal
    readonly write: LogWriter['write']
    /** To be asked before anything that others see: nobody else has the attempt, as far as the queue can be asked. */
    isWanted(): Promise<boolean>
  },
) => Promise<AttemptEnd>

export type AttemptWorld = LogWriterWorld & {
  readonly queue: Pick<BuildQueue, 'beat' | 'finish'>
  readonly log: Log
  readonly run: StepRunner
  /** Reads back what a step says it stored: nothing is called good that is not there. */
  readonly isStored: (artifact: Artifact) => Promise<boolean>
}

type NotOk = { readonly outcome: Exclude<Outcome, 'ok'>; readonly reason: string }
/** Why an attempt was told to stop; `stale` when it is somebody else's by now. The first is the one that counts. */
type Stopped = NotOk | 'stale'

/** From the lease to the end that the queue has taken. `stop` ends it as `infra`, to be tried again elsewhere. */
export async function runAttempt(world: AttemptWorld, leased: Leased, stop: AbortSignal): Promise<void> {
  const { queue, clock, log } = world
  const over = new AbortController()
  let stopped: Stopped | undefined
  const end = (why: Stopped) => {
    stopped ??= why
    over.abort()
  }
  const onStop = () => end({ outcome: 'infra', reason: 'The builder was stopped' })
  stop.addEventListener('abort', onStop, { once: true })
  if (stop.aborted) onStop()
  const cancelDeadline = clock.after(leased.timeoutMs, () =>
    end({ outcome: 'timeout', reason: `The step took longer than ${leased.timeoutMs / 1000} s` }),
  )
  const stopBeating = heartbeat(world, leased, (answer) =>
    end(answer === 'stale' ? answer : { outcome: answer, reason: `The build was ${answer}` }),
  )
  const grace = afterwards(world, over.signal)

  const writer = new LogWriter(world, leased)
  const result = await settled(world, leased, writer, { told: over.signal, late: grace.signal })
  cancelDeadline()
  const ended = stopped ?? (await checked(world, result))
  if (ended !== 'stale') {
    await writer.close(grace.signal)
    await hand(leased, ended)
  }
  grace.cancel()
  stopBeating()
  stop.removeEventListener('abort', onStop)

  async function hand(attempt: Leased, ended: AttemptEnd): Promise<void> {
    for (;;) {
      try {
        const finished = await queue.finish(attempt, ended)
        if (finished.ok || finished.error.code === 'stale_attempt') return
        ended = { outcome: 'infra', reason: `The result was refused: ${finished.error.why}` }
      } catch (error) {
        log.warn('attempt not ended yet', { build: attempt.build, step: attempt.step, error: errorText(error) })
        // Whoever watches the attempts ends it, once our heartbeat stands still.
        if (stop.aborted || stopped === 'stale') return
        await new Promise<void>((done) => clock.after(RETRY_MS, done))
      }
    }
  }
}

/** A signal that comes a while after another, unless that has become of no interest. */
function afterwards({ clock }: AttemptWorld, first: AbortSignal): { readonly signal: AbortSignal; cancel(): void } {
  const then = new AbortController()
  let cancelTimer = () => {}
  const onFirst = () => {
    cancelTimer = clock.after(STOP_GRACE_MS, () => then.abort())
  }
  first.addEventListener('abort', onFirst, { once: true })
  if (first.aborted) onFirst()
  return {
    signal: then.signal,
    cancel() {
      first.removeEventListener('abort', onFirst)
      cancelTimer()
    },
  }
}

/** What the runner says, or that it was told to stop and would not. */
async function settled(
  { run, queue }: AttemptWorld,
  leased: Leased,
  writer: LogWriter,
  { told, late }: { readonly told: AbortSignal; readonly late: AbortSignal },
): Promise<AttemptEnd> {
  const isWanted = () =>
    queue.beat(leased).then(
      (answer) => answer === 'wanted',
      () => true, // while the database is away the work goes on
    )
  const tooLate = Promise.withResolvers<AttemptEnd>()
  late.addEventListener('abort', () => tooLate.resolve({ outcome: 'infra', reason: 'The step would not stop' }), { once: true })
  try {
    return await Promise.race([run(leased, { signal: told, write: (bytes) => writer.write(bytes), isWanted }), tooLate.promise])
  } catch (error) {
    return { outcome: 'infra', reason: errorText(error) }
  }
}

async function checked({ isStored }: AttemptWorld, end: AttemptEnd): Promise<AttemptEnd> {
  if (!('artifact' in end)) return end
  const { kind, digest } = end.artifact
  try {
    if (await isStored(end.artifact)) return end
    return { outcome: 'infra', reason: `The ${kind} ${digest} is not where it was stored` }
  } catch (error) {
    return { outcome: 'infra', reason: `The ${kind} ${digest} cannot be read back: ${errorText(error)}` }
  }
}
