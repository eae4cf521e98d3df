import { Duplex } from 'node:stream'

import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { memoryMetrics } from '#lib/adapters/memory/log.ts'
import { SILENCE_MS, type FromAgent } from '#lib/protocol/agent.ts'
import { controlFrame, DATA_BYTES_MAX, FrameReader } from '#lib/protocol/frame.ts'

import { AgentLink } from './agent-link.ts'

const BEAT_MS = SILENCE_MS / 3

/** A link whose agent says what it is told to, on a clock whose timers come as late as is told. */
function silentLink() {
  let now = 0
  let timer: (() => void) | undefined
  const clock = {
    now: () => now,
    today: () => new Date(now),
    after: (_: number, call: () => void) => {
      timer = call
      return () => (timer = undefined)
    },
  }
  const closed: string[] = []
  const events = { message() {}, output() {}, taskOutput() {}, closed: (why: string) => void closed.push(why) }
  const metrics = memoryMetrics()
  const stream = new Duplex({ read() {}, write: (_, __, done) => done() })
  const link = new AgentLink(stream, events, { clock, metrics })
  return {
    link,
    closed,
    says: (message: FromAgent) => void stream.emit('data', controlFrame(message)),
    faults: () => [...metrics.values.keys()].filter((name) => name.startsWith('dragoman_agent_faults_total')),
    /** The next timer comes, so much later than it should. */
    beat(lateMs = 0) {
      now += BEAT_MS + lateMs
      timer?.()
    },
  }
}

test('an agent that says nothing for its time is given up', () => {
  const { closed, beat } = silentLink()
  for (let n = 0; n < 2; n++) beat()
  expect(closed).toEqual([])

  beat()

  expect(closed).toEqual(['silent'])
})

test('a server that was held itself for a minute does not blame its agents, and does when they stay silent', () => {
  const { closed, beat } = silentLink()
  beat()
  beat(60_000)
  expect(closed).toEqual([])

  for (let n = 0; n < 3; n++) beat()

  expect(closed).toEqual(['silent'])
})

test('a timer that is merely a little late excuses nobody', () => {
  const { closed, beat } = silentLink()
  for (let n = 0; n < 3; n++) beat(1000)

  expect(closed).toEqual(['silent'])
})

test.each<FromAgent>([{ type: 'fenced' }, { type: 'refused', what: 'hello', code: 'fenced' }])(
  'a sandbox that another server has taken over is given up, and its agent not blamed: %j',
  (message) => {
    const { link, closed, says, faults } = silentLink()
    says(message)
    says(message)

    expect(closed).toEqual(['fenced'])
    expect(link.isClosed()).toBe(true)
    expect(faults()).toEqual([])
  },
)

test('a sandbox from which something was reached after all is lost, and that is counted', () => {
  const { closed, says, faults } = silentLink()
  says({ type: 'canary-open' })

  expect(closed).toEqual(['canary_open'])
  expect(faults()).toEqual(['dragoman_agent_faults_total{canary_open}'])
})

/** A link that is held for a second, with what it wrote. */
function heldLink() {
  const clock = memoryClock()
  const written: Buffer[] = []
  const stream = new Duplex({ read() {}, write: (bytes: Buffer, _, done) => (written.push(bytes), done()) })
  const closed: string[] = []
  const events = { message() {}, output() {}, taskOutput() {}, closed: (why: string) => void closed.push(why) }
  const link = new AgentLink(stream, events, { clock, metrics: memoryMetrics() })
  link.hold(1000)
  const heard = () => {
    const frames = new FrameReader().push(Buffer.concat(written))
    if (!frames.ok) throw new Error('Not of frames')
    return frames.value.map((frame) => (frame.kind === 'data' ? 'data' : (frame.message as { type: string }).type))
  }
  return { link, clock, closed, heard }
}

test('a held link lets the terminal be opened, and then in order what a visitor said', () => {
  const { link, clock, heard } = heldLink()
  link.send({ type: 'stop' })
  link.data(0, 0, Buffer.from('typed'))
  link.send({ type: 'attach', offset: 0 })
  link.send({ type: 'repl', job: 1 })
  clock.advance(999)
  expect(heard()).toEqual(['attach'])

  clock.advance(1)

  expect(heard()).toEqual(['attach', 'stop', 'data', 'repl'])
  link.close('done')
  expect(clock.pending()).toBe(0)
})

test('who says more than is kept for a held link is hung up on', () => {
  const { link, closed, heard, clock } = heldLink()
  for (let n = 0; n < 65; n++) link.data(0, n * DATA_BYTES_MAX, Buffer.alloc(DATA_BYTES_MAX))
  clock.advance(1000)

  expect(closed).toEqual(['slow_reader'])
  expect(heard()).toEqual([])
})
