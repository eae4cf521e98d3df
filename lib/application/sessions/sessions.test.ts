import { expect, test } from 'vitest'

import { memoryAgent } from '#lib/adapters/memory/agent.ts'
import { terminalSize } from '#lib/domain/terminal-size.ts'
import { CANARY_LATE_LOOK_MS, CANARY_WAIT_MS, INPUT_WINDOW_BYTES, OUTPUT_WINDOW_BYTES, RING_BYTES } from '#lib/protocol/agent.ts'

import { never, python, world } from '../testing/world.ts'
import { RUNS } from './programs.ts'
import { REDRAW_MS, RESIZE_MS } from './window-size.ts'

test('a start claims one sandbox and shows the prompt that was printed before', async () => {
  const { open, watch, sandboxes } = world()
  const { session, token } = await open()
  const seen = await watch(session)

  expect(await seen.text('> ')).toBe('> ')
  expect(session.isToken(token)).toBe(true)
  expect(session.isToken('0'.repeat(32))).toBe(false)
  expect(sandboxes.agent(sandboxes.running()[0]!).claims).toEqual([session.id])
})

test('attached -> parked -> attached: another viewer gets every byte from where it asks', async () => {
  const { open, watch, agentOf } = world()
  const { session } = await open()
  const first = await watch(session)
  agentOf(session).print('one ')
  await first.text('> one ')
  session.detach(first)
  expect(session.state).toBe('parked')
  agentOf(session).print('two')

  const second = await watch(session, 6)

  expect(session.state).toBe('attached')
  expect(await second.text('two')).toBe('two')
  expect(await (await watch(session, 0)).text('> one two')).toBe('> one two')
})

test('attached -> attached: the viewer that was there before is told that it was replaced', async () => {
  const { open, watch } = world()
  const { session } = await open()
  const first = await watch(session)
  await watch(session)

  expect(first.events).toContain('replaced')
  session.detach(first)
  expect(session.state).toBe('attached')
})

test('parked -> ended: nobody comes back within the grace', async () => {
  const { open, watch, clock, sandboxes, settled } = world()
  const { session } = await open()
  session.detach(await watch(session))
  clock.advance(59_999)
  expect(session.state).toBe('parked')

  clock.advance(1)
  await settled()

  expect(session.state).toBe('ended')
  expect(sandboxes.running()).toEqual([])
})

test('attached -> ended: no keystroke and no output for the idle time, however open the socket', async () => {
  const { open, watch, pass, agentOf } = world()
  const { session } = await open()
  const viewer = await watch(session)
  await pass(python.limits.idleMs - 1000)
  agentOf(session).print('x')
  await viewer.text('> x')
  await pass(python.limits.idleMs - 1000)
  expect(session.state).toBe('attached')

  await pass(1000)

  expect(viewer.events).toContain('ended idle')
})

test('attached -> ended: a session gets no older than its life, however busy', async () => {
  const { open, watch, pass } = world()
  const { session } = await open()
  const viewer = await watch(session)
  for (let at = 0; at < python.limits.lifeMs; at += 60_000) {
    session.input(at / 60_000, Buffer.from('x'))
    await pass(60_000)
  }

  expect(viewer.events).toContain('ended time')
})

test('the first reason for an end is the one that is told, and the token then opens nothing', async () => {
  const { open, watch, registry } = world()
  const { session, token } = await open()
  const viewer = await watch(session)
  await Promise.all([session.end('stopped'), session.end('idle')])

  expect(viewer.events.filter((event) => event.startsWith('ended'))).toEqual(['ended stopped'])
  expect(registry.find(session.id, token)).toEqual({ ok: false, error: { code: 'session_ended', reason: 'stopped' } })
})

test('another token does not open a session, and an unknown one is not told apart from one that never was', async () => {
  const { open, registry } = world()
  const { session } = await open()

  expect(registry.find(session.id, 'f'.repeat(32))).toEqual({ ok: false, error: { code: 'bad_token' } })
})

test('a run ends with its code and with what the kernel counted', async () => {
  const { open, watch, sandboxes } = world()
  const { session } = await open()
  const viewer = await watch(session)
  sandboxes.counts({ cpuMs: 7, peakBytes: 9 })

  const run = await session.run({ files: [{ path: 'main.py', text: '3' }] })

  expect(run).toEqual({ ok: true, value: { job: 1 } })
  await expect
    .poll(() => viewer.jobs.at(-1))
    .toEqual({
      job: 1,
      kind: 'run',
      state: 'ended',
      ending: { reason: 'exit', code: 3, usage: { wallMs: 1, cpuMs: 7, peakBytes: 9 } },
    })
})

test('a run that died while the kernel killed for memory ended by memory', async () => {
  const { open, watch, sandboxes } = world()
  const { session } = await open()
  const viewer = await watch(session)
  sandboxes.counts({ oomKills: 1 })
  await session.run({ files: [{ path: 'main.py', text: '137' }] })

  await expect.poll(() => viewer.jobs.at(-1)?.ending?.reason).toBe('memory')
})

test('a stop ends the run that would not', async () => {
  const { open, watch } = world()
  const { session } = await open()
  const viewer = await watch(session)
  await session.run({ files: [{ path: 'main.py', text: 'forever' }] })
  session.stop()

  await expect.poll(() => viewer.jobs.at(-1)?.ending?.reason).toBe('stopped')
})

test('runs beyond the burst are refused with the time to wait, and go on after it', async () => {
  const { open, watch, clock } = world()
  const { session } = await open()
  await watch(session)
  for (let n = 0; n < RUNS.burst; n++) expect((await session.run({ files: [{ path: 'main.py', text: '0' }] })).ok).toBe(true)

  expect(await session.run({ files: [{ path: 'main.py', text: '0' }] })).toEqual({
    ok: false,
    error: { code: 'too_many_runs', retryAfterMs: 1000 / RUNS.perSecond },
  })
  clock.advance(1000 / RUNS.perSecond)
  expect((await session.run({ files: [{ path: 'main.py', text: '0' }] })).ok).toBe(true)
})

test('input up to the window is taken, one byte beyond it is refused', async () => {
  const silent = memoryAgent()
  const { open, watch } = world({ agent: () => ({ ...silent, connect: withoutInputAcks(silent) }) })
  const { session } = await open()
  const viewer = await watch(session)
  session.input(0, Buffer.alloc(INPUT_WINDOW_BYTES))
  expect(viewer.problems).toEqual([])

  session.input(INPUT_WINDOW_BYTES, Buffer.alloc(1))

  expect(viewer.problems).toEqual([{ code: 'input_full', max: INPUT_WINDOW_BYTES }])
})

test('of ten thousand sizes at once the first and the last are told', async () => {
  const { open, watch, agentOf, pass } = world()
  const { session } = await open()
  await watch(session)
  await pass(RESIZE_MS)
  const before = agentOf(session).heard.length
  for (let n = 0; n < 10_000; n++) session.resize(terminalSize(n % 500, 24))
  await pass(RESIZE_MS)

  const told = agentOf(session).heard.slice(before)
  expect(told).toEqual([
    { type: 'resize', cols: 1, rows: 24 },
    { type: 'resize', cols: 499, rows: 24 },
  ])
})

test('a program whose screen is no longer in the ring is asked to draw it again', async () => {
  const { open, watch, agentOf, pass, settled } = world()
  const { session } = await open()
  await watch(session)
  for (let n = 0; n < 3; n++) {
    agentOf(session).print('x'.repeat(RING_BYTES / 2))
    await settled()
  }
  const before = agentOf(session).heard.length
  await watch(session, 0)
  await pass(REDRAW_MS)
  await pass(RESIZE_MS)

  const sizes = agentOf(session)
    .heard.slice(before)
    .filter(({ type }) => type === 'resize')
  expect(sizes.slice(-2)).toEqual([
    { type: 'resize', cols: 80, rows: 23 },
    { type: 'resize', cols: 80, rows: 24 },
  ])
})

test('output waits for the viewer to draw it: never more than the window is on its way', async () => {
  const { open, watch, agentOf, settled } = world()
  const { session } = await open()
  const viewer = await watch(session, 0, { draws: false })
  agentOf(session).print('x'.repeat(RING_BYTES))
  await settled()
  expect(viewer.bytes()).toBe(OUTPUT_WINDOW_BYTES)

  session.ack(1000)
  await settled()
  expect(viewer.bytes()).toBe(OUTPUT_WINDOW_BYTES + 1000)
})

test('an acknowledgement of what was never sent opens no window', async () => {
  const { open, watch, agentOf, settled } = world()
  const { session } = await open()
  const viewer = await watch(session, 0, { draws: false })
  session.ack(1_000_000_000)
  agentOf(session).print('x'.repeat(RING_BYTES))
  await settled()

  expect(viewer.bytes()).toBeLessThanOrEqual(OUTPUT_WINDOW_BYTES + '> '.length)
})

test.each([
  ['a message outside the schema', { type: 'ended', job: 'x' }],
  ['a message of no known type', { type: 'shell' }],
  ['a number where an object belongs', 7],
])('an agent that sends %s loses its session, and only its own', async (_, message) => {
  const { open, watch, agentOf, clock, settled } = world()
  const [bad, good] = [(await open()).session, (await open()).session]
  const [badViewer, goodViewer] = [await watch(bad), await watch(good)]
  agentOf(bad).say(message)
  await settled()
  clock.advance(1000)
  await settled()

  expect(badViewer.events).toContain('ended lost')
  agentOf(good).print('still here')
  expect(await goodViewer.text('> still here')).toBe('> still here')
})

test('an agent that has been silent for too long is lost', async () => {
  const deaf = memoryAgent()
  const { open, watch, clock, settled } = world({ agent: () => ({ ...deaf, connect: withoutPongs(deaf) }) })
  const { session } = await open()
  const viewer = await watch(session)
  for (let n = 0; n < 5; n++) {
    clock.advance(5000)
    await settled()
  }

  expect(viewer.events).toContain('ended lost')
})

test.each([1, 4, 'none'] as const)('an agent of protocol %s is refused, counted, logged and destroyed', async (protocol) => {
  const { tryOpen, sandboxes, metrics, log } = world({ agent: () => memoryAgent({ protocol }) })

  expect(await tryOpen()).toEqual({ ok: false, error: { code: 'start_failed' } })
  expect(metrics.values.get('dragoman_agent_faults_total{bad_protocol}')).toBe(1)
  expect(log.events).toContainEqual({
    event: 'sandbox did not start',
    fields: { lang: 'python', path: 'cold', code: 'bad_protocol' },
  })
  expect(sandboxes.running()).toEqual([])
})

test('a set-up that failed is counted by language, and the prompt is there all the same', async () => {
  const { open, metrics } = world({ agent: () => memoryAgent({ setUp: 'failed' }) })

  expect(await open()).toMatchObject({ path: 'cold' })
  expect(metrics.values.get('dragoman_setup_failures_total{python,failed}')).toBe(1)
})

test('a sandbox whose network canary got out is destroyed and never handed to anybody', async () => {
  const { tryOpen, sandboxes } = world({ canary: 'open' })

  expect(await tryOpen()).toEqual({ ok: false, error: { code: 'start_failed' } })
  expect(sandboxes.running()).toEqual([])
})

test('a claim is noted when the prompt has long been seen, and not of a session that is over by then', async () => {
  const { open, clock, sandboxes, settled } = world()
  const short = await open()
  const { session } = await open()
  await short.session.end('left')
  clock.advance(999)
  await settled()
  expect(sandboxes.noted()).toEqual([])

  clock.advance(1)
  await settled()

  expect(sandboxes.noted()).toEqual([session.sandbox])
})

test('behind a firewall the prompt comes at once, and what is said to it once the canary has had its time', async () => {
  const { open, watch, clock, agentOf, settled } = world({ isWalled: true })
  const { session } = await open()
  const seen = await watch(session)
  expect(await seen.text('> ')).toBe('> ')
  void session.run({ files: [{ path: 'main.py', text: '0' }] })
  const words = () => agentOf(session).heard.map(({ type }) => type)

  clock.advance(CANARY_WAIT_MS)
  await settled()
  expect(words()).not.toContain('run')

  clock.advance(CANARY_LATE_LOOK_MS)
  await settled()
  expect(words()).toContain('run')
})

test('behind a firewall that was open after all nothing that was said gets in', async () => {
  const { open, watch, clock, agentOf, settled, sandboxes } = world({ isWalled: true })
  const { session } = await open()
  const seen = await watch(session)
  const agent = agentOf(session)
  void session.run({ files: [{ path: 'main.py', text: '0' }] })
  agent.say({ type: 'canary-open' })
  await settled()
  clock.advance(60_000)
  await settled()

  expect(agent.heard.map(({ type }) => type)).not.toContain('run')
  expect(seen.events).toContain('ended lost')
  expect(sandboxes.running()).toEqual([])
})

test('the stages of a cold start are told to whoever waits', async () => {
  const { open, sandboxes } = world()
  const phases: string[] = []
  const { session } = await open({ phase: (phase) => phases.push(phase) })
  sandboxes.needs(session.sandbox)?.phase?.('pulling') // as a cluster says it meanwhile

  expect(phases).toEqual(['starting', 'preparing', 'claiming', 'pulling'])
})

test('a visitor who leaves while the sandbox starts leaves nothing behind', async () => {
  const { tryOpen, sandboxes, admission } = world()
  const gone = new AbortController()
  gone.abort(new Error('left'))

  expect((await tryOpen({ signal: gone.signal })).ok).toBe(false)
  expect([sandboxes.running(), admission.running()]).toEqual([[], 0])
})

test('a refusal of the whole server is the answer, whatever is free', async () => {
  const { tryOpen, sandboxes } = world({ refusal: () => ({ code: 'refusing_sessions', failed: ['seccomp'] }) })

  expect(await tryOpen({ signal: never })).toEqual({ ok: false, error: { code: 'refusing_sessions', failed: ['seccomp'] } })
  expect(sandboxes.running()).toEqual([])
})

type Agent = ReturnType<typeof memoryAgent>

/** The agent's side of a connection on which answers of one kind get lost. */
const withoutInputAcks = (agent: Agent) => losing(agent, 'input-ack')
const withoutPongs = (agent: Agent) => losing(agent, 'pong')

function losing(agent: Agent, type: string): Agent['connect'] {
  return (stream) => {
    const write = stream.write.bind(stream)
    stream.write = ((chunk: Buffer) => (chunk.includes(`"type":"${type}"`) ? true : write(chunk))) as typeof stream.write
    agent.connect(stream)
  }
}
