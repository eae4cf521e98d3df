import { expect, test } from 'vitest'

import { memoryLog } from '../adapters/memory/log.ts'
import { memoryClock } from '../adapters/memory/clock.ts'
import { err, ok, type Result } from '../domain/result.ts'
import { askCluster } from './ask-cluster.ts'

type Answer = Result<string, { why: string }>

/** A cluster that answers in this order, and is away where that is an error. */
function world(...answers: (Answer | Error)[]) {
  const [clock, log] = [memoryClock(), memoryLog()]
  const asked: AbortSignal[] = []
  const ask = async (signal: AbortSignal) => {
    asked.push(signal)
    const answer = answers.shift() ?? new Error('nobody there')
    if (answer instanceof Error) throw answer
    return answer
  }
  const asking = askCluster(ask, { clock, log })
  const settled = () => new Promise((done) => setImmediate(done))
  const pass = async (ms: number) => {
    await settled()
    clock.advance(ms)
    await settled()
  }
  return { asking, asked, pass, clock }
}

test('what it says is known, once', async () => {
  const { asking, asked, pass, clock } = world(ok('facts'))

  expect([await asking.refused, await asking.known]).toEqual([undefined, 'facts'])
  await pass(60_000)
  expect([asked.length, asking.isKnown(), clock.pending()]).toEqual([1, true, 0])
})

test('what it refuses in its first moments is told to whoever starts', async () => {
  const { asking } = world(err({ why: 'no right' }))

  expect(await asking.refused).toBe('no right')
  asking.stop()
})

test('while it is away nobody waits for it longer than some seconds, and it is asked until it answers', async () => {
  const { asking, asked, pass } = world(new Error('away'), new Error('away'), err({ why: 'not yet' }), ok('facts'))
  await pass(10_000)
  expect([await asking.refused, asking.isKnown()]).toEqual([undefined, false])
  await pass(10_000)
  await pass(10_000)
  await pass(10_000)
  expect([await asking.known, asking.isKnown(), asked.length]).toEqual(['facts', true, 4])
})

test('once stopped it asks no more', async () => {
  const { asking, asked, pass, clock } = world()
  await pass(0)
  asking.stop()
  await pass(60_000)

  expect([asked.length, asked[0]?.aborted, clock.pending()]).toEqual([1, true, 0])
})
