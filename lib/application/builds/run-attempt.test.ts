import { describe, expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { memoryLog } from '#lib/adapters/memory/log.ts'
import type { AttemptEnd, BuildQueue, FinishRefused, Leased } from '#lib/application/ports/build-queue.ts'
import { madeOf, newBuildId, newInputs } from '#lib/application/testing/builds.ts'
import { err, ok } from '#lib/domain/result.ts'
import { BEAT_MS } from './heartbeat.ts'
import { runAttempt, type StepRunner, STOP_GRACE_MS } from './run-attempt.ts'

const TIMEOUT_MS = 60_000

/** An attempt at work on a clock that stands still; `ends` are what the queue was told. */
function world(run: StepRunner) {
  const clock = memoryClock()
  const ends: AttemptEnd[] = []
  const written: string[] = []
  let answer: Awaited<ReturnType<BuildQueue['beat']>> | Error = 'wanted'
  let beats = 0
  let refusals: (FinishRefused | Error)[] = []
  let stored = true
  const inputs = newInputs()
  const leased: Leased = { build: newBuildId(), step: 'package', number: 1, inputs, made: {}, timeoutMs: TIMEOUT_MS }
  const stop = new AbortController()
  const running = runAttempt(
    {
      clock,
      log: memoryLog(),
      run,
      kept: () => undefined,
      isStored: async () => stored,
      logs: {
        async append(_, seq, bytes) {
          written.push(new TextDecoder().decode(bytes))
          return ok({ next: seq + 1 })
        },
      },
      queue: {
        async beat() {
          beats++
          if (answer instanceof Error) throw answer
          return answer
        },
        async finish(_, end) {
          const refused = refusals.shift()
          if (refused instanceof Error) throw refused
          if (refused) return err(refused)
          ends.push(end)
          return ok({ build: 'going_on' })
        },
      },
    },
    leased,
    stop.signal,
  )
  return {
    ...{ clock, ends, written, leased, running },
    stop: () => stop.abort(),
    beats: () => beats,
    beatsAnswer: (next: typeof answer) => void (answer = next),
    finishAnswers: (...next: typeof refusals) => void (refusals = next),
    loseWhatIsStored: () => void (stored = false),
    /** Lets what is due happen, and what follows from it. */
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= 100) {
        clock.advance(Math.min(left, 100))
        await new Promise(setImmediate)
      }
    },
  }
}

/** Runs until it is told to stop. */
const obedient: StepRunner = (_, { signal }) =>
  new Promise((done) => signal.addEventListener('abort', () => done({ outcome: 'failed', reason: 'killed' })))
/** Does not stop for anything. */
const deaf: StepRunner = () => new Promise(() => undefined)

test('what a step makes is handed on once its log is kept and it was read back', async () => {
  const { ends, leased, running, written, pass, clock } = world(async ({ inputs }, { write }) => {
    await write('compiling\n')
    return { outcome: 'ok', artifact: madeOf('package', inputs) }
  })
  await pass(100)
  await running
  expect(written).toEqual(['compiling\n'])
  expect(ends).toEqual([{ outcome: 'ok', artifact: madeOf('package', leased.inputs) }])
  expect(clock.pending()).toBe(0)
})

test('nothing is called good that is not found where it was stored', async () => {
  const { ends, running, loseWhatIsStored } = world(async ({ inputs }) => ({
    outcome: 'ok',
    artifact: madeOf('package', inputs),
  }))
  loseWhatIsStored()
  await running
  expect(ends).toEqual([
    { outcome: 'infra', reason: expect.stringMatching(/^The package sha256:\w+ is not where it was stored$/) },
  ])
})

test('a step that throws was let down by the machinery', async () => {
  const { ends, running } = world(() => Promise.reject(new Error('no route to host')))
  await running
  expect(ends).toEqual([{ outcome: 'infra', reason: 'Error: no route to host' }])
})

describe.each([
  ['obedient', obedient, 0],
  ['deaf', deaf, STOP_GRACE_MS],
])('a %s step', (_, run, graceMs) => {
  test('that takes too long is told to stop, and ends as a timeout', async () => {
    const { ends, running, pass, clock } = world(run)
    await pass(TIMEOUT_MS + graceMs)
    await running
    expect(ends).toEqual([{ outcome: 'timeout', reason: 'The step took longer than 60 s' }])
    expect(clock.pending()).toBe(0)
  })

  test('whose build is cancelled is told at the next heartbeat', async () => {
    const { ends, running, pass, beatsAnswer } = world(run)
    beatsAnswer('cancelled')
    await pass(BEAT_MS + graceMs)
    await running
    expect(ends).toMatchObject([{ outcome: 'cancelled' }])
  })

  test('whose builder stops is left to another', async () => {
    const { ends, running, pass, stop } = world(run)
    stop()
    await pass(graceMs)
    await running
    expect(ends).toEqual([{ outcome: 'infra', reason: 'The builder was stopped' }])
  })

  test('that is somebody else’s by now ends nothing', async () => {
    const { ends, running, pass, beatsAnswer } = world(run)
    beatsAnswer('stale')
    await pass(BEAT_MS + graceMs)
    await running
    expect(ends).toEqual([])
  })
})

test('before anything that others see a step can ask if it is still wanted; a queue that does not answer wants it', async () => {
  const asked = Promise.withResolvers<() => Promise<boolean>>()
  const { running, stop, pass, beatsAnswer } = world(async (_, { isWanted, signal }) => {
    asked.resolve(isWanted)
    return obedient(_, { isWanted, signal, write: async () => undefined })
  })
  const isWanted = await asked.promise
  expect(await isWanted()).toBe(true)
  beatsAnswer(new Error('the database is away'))
  expect(await isWanted()).toBe(true)
  beatsAnswer('stale')
  expect(await isWanted()).toBe(false)
  stop()
  await pass(STOP_GRACE_MS)
  await running
})

test('the first reason for an end is the one that counts', async () => {
  const { ends, running, pass, beatsAnswer, stop } = world(deaf)
  beatsAnswer('superseded')
  await pass(BEAT_MS)
  stop()
  await pass(STOP_GRACE_MS)
  await running
  expect(ends).toMatchObject([{ outcome: 'superseded' }])
})

test('while the database is away the end is said again and again, and the heart beats on', async () => {
  const { ends, running, pass, finishAnswers, beats } = world(async () => ({ outcome: 'failed', reason: 'a bug' }))
  finishAnswers(...Array.from({ length: 8 }, () => new Error('away')))
  await pass(9000)
  await running
  expect(ends).toEqual([{ outcome: 'failed', reason: 'a bug' }])
  expect(beats()).toBe(1)
})

test('a result that the records refuse is a fault of the machinery, with the words of the refusal', async () => {
  const { ends, running, finishAnswers } = world(async ({ inputs }) => ({ outcome: 'ok', artifact: madeOf('package', inputs) }))
  finishAnswers({ code: 'bad_result', why: 'an input is unknown' })
  await running
  expect(ends).toEqual([{ outcome: 'infra', reason: 'The result was refused: an input is unknown' }])
})
