import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { AGENT_PROTOCOL, serverHello, SILENCE_MS } from '#lib/protocol/agent-words.ts'
import { INPUT_WINDOW_BYTES, OUTPUT_WINDOW_BYTES, RING_BYTES } from '#lib/protocol/sizes.ts'

import { buildAgent } from '../cli/setup/build-agent.ts'
import type { Client } from './testing/client.ts'
import { SandboxedAgent } from './testing/sandboxed-agent.ts'
import { CLAIM, SHELL, world as makeWorld, type World } from './testing/world.ts'

let executable: string
let version: string
const agents: SandboxedAgent[] = []

beforeAll(async () => {
  ;({ path: executable, version } = await buildAgent())
})
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.end()))
})

async function start(): Promise<SandboxedAgent> {
  const agent = await SandboxedAgent.start(executable)
  agents.push(agent)
  return agent
}

async function world(): Promise<World> {
  const made = await makeWorld(executable)
  agents.push(made.agent)
  return made
}

/** Everything said until now was heard and answered. */
async function settled(client: Client): Promise<void> {
  client.say({ type: 'ping' })
  await client.next('pong')
}

/** The sequence 1, 2, 3 … as `seq` prints it. */
const counted = (last: number) => Array.from({ length: last }, (_, i) => `${i + 1}\n`).join('')

// Said once for all: the silence takes 15 s, which pass while the other tests run.
let silence: { agent: SandboxedAgent; tookMs: Promise<number> }
beforeAll(async () => {
  const agent = await SandboxedAgent.start(executable)
  const client = await agent.connect()
  client.fallSilent()
  const beganAt = performance.now()
  silence = { agent, tookMs: client.closed.then(() => performance.now() - beganAt) }
})
afterAll(() => silence.agent.end())

// So with a set-up without end, which takes 10 s.
let endlessSetUp: { agent: SandboxedAgent; ended: Promise<{ ms: number; setUp: string | undefined }> }
beforeAll(async () => {
  const agent = await SandboxedAgent.start(executable)
  const client = await agent.connect()
  const beganAt = performance.now()
  client.say({ type: 'prepare', launch: { ...SHELL, setup: 'sleep 1000' }, cols: 80, rows: 24, outputBytesMax: 10_000 })
  const ended = client.next('ready').then(({ setUp }) => ({ ms: performance.now() - beganAt, setUp }))
  endlessSetUp = { agent, ended }
})
afterAll(() => endlessSetUp.agent.end())

test('hello with the right key is answered with protocol, version and claim', async () => {
  const agent = await start()
  const client = await agent.dial()
  client.say(serverHello(agent.key))
  expect(await client.next('hello')).toMatchObject({ protocol: AGENT_PROTOCOL, agent: version, claimed: false })
})

test.each([
  ['another key', { protocol: 2, key: '0'.repeat(32) }, 'bad_key'],
  ['an older protocol', { protocol: 1, key: '' }, 'bad_protocol'],
  ['a newer protocol', { protocol: AGENT_PROTOCOL + 1, newest: AGENT_PROTOCOL + 2, key: '' }, 'bad_protocol'],
  ['protocols up to an older one', { protocol: 0, newest: 1, key: '' }, 'bad_protocol'],
])('hello with %s is refused and the connection closed', async (_name, said, code) => {
  const agent = await start()
  const client = await agent.dial()
  client.say({ type: 'hello', ...said })
  await client.closed
  expect(client.heard.map(({ message }) => message)).toEqual([{ type: 'refused', what: 'hello', code }])
})

test('a connection that begins with anything but hello is closed without an answer', async () => {
  const agent = await start()
  const client = await agent.dial()
  client.say({ type: 'quit' })
  await client.closed
  expect(client.heard).toEqual([])
  expect(await agent.connect()).toBeDefined()
})

test('a bad frame ends the connection and nothing else', async () => {
  const { agent, client } = await world()
  client.raw(Buffer.of(0xff, 0xff, 0xff, 0xff, 1))
  await client.closed
  expect(await agent.connect()).toBeDefined()
})

test('a new connection with the key takes the place of the old one', async () => {
  const { agent, client } = await world()
  const next = await agent.connect()
  await client.closed
  next.say(CLAIM)
  await next.next('claimed')
  next.say({ type: 'attach', offset: 0 })
  expect(await next.next('attached')).toMatchObject({ from: 0, state: 'idle', job: 0 })
})

test('one claim is accepted, the very same again too, any other never', async () => {
  const agent = await start()
  const client = await agent.connect()
  const claims = [CLAIM, CLAIM, { ...CLAIM, epoch: 2 }, { ...CLAIM, session: 'other' }, { ...CLAIM, token: 'other' }]
  for (const claim of claims) client.say(claim)
  await settled(client)
  expect(client.heard.slice(1, -1).map(({ message }) => message)).toEqual([
    ...[1, 2, 3].map(() => ({ type: 'claimed', end: 0 })),
    ...['session', 'token'].map(() => ({ type: 'refused', what: 'claim', code: 'already_claimed' })),
  ])
  const next = await agent.dial()
  next.say(serverHello(agent.key))
  expect(await next.next('hello')).toMatchObject({ claimed: true })
})

test('before the claim nothing runs', async () => {
  const agent = await start()
  const client = await agent.connect()
  client.say({ type: 'attach', offset: 0 })
  client.say({ type: 'run', job: 1, files: [] })
  client.say({ type: 'repl', job: 1 })
  client.say({ type: 'task', stream: 1, command: 'true', timeMs: 1000, outputBytesMax: 1000 })
  client.type('x')
  await settled(client)
  expect(client.heard.slice(1, -1).map(({ message }) => message)).toEqual(
    ['attach', 'run', 'repl', 'task', 'input'].map((what) => ({ type: 'refused', what, code: 'not_claimed' })),
  )
})

test('the prompt of a language stands there when it is ready, and the network is out of reach', async () => {
  const agent = await start()
  const client = await agent.connect()
  const launch = {
    ...SHELL,
    createEmpty: 'none yet',
    setup: 'touch set-up',
    repl: 'ls; cat main.sh; printf "> "; cat',
    prompt: '^.*> $',
  }
  client.say({ type: 'prepare', launch, cols: 80, rows: 24, outputBytesMax: 10_000 })
  expect(await client.next('ready')).toMatchObject({
    canary: 'blocked',
    atPrompt: true,
    end: 'main.sh\r\nset-up\r\nnone yet> '.length,
  })

  client.say({ type: 'prepare', launch, cols: 80, rows: 24, outputBytesMax: 10_000 })
  expect(await client.next('refused')).toMatchObject({ what: 'prepare', code: 'busy' })
})

test.each([
  [undefined, undefined],
  ['true', 'ok'],
  ['exit 3', 'failed'],
  ['kill -9 $$', 'failed'],
])('a set-up of %j is told as %j', async (setup, told) => {
  const agent = await start()
  const client = await agent.connect()
  const launch = { ...SHELL, ...(setup !== undefined && { setup }) }
  client.say({ type: 'prepare', launch, cols: 80, rows: 24, outputBytesMax: 10_000 })
  expect((await client.next('ready')).setUp).toBe(told)
})

test('a server of protocol 2 hears nothing that protocol 3 brought', async () => {
  const agent = await start()
  const [client, next] = [await agent.dial(), await agent.dial()]
  client.say({ type: 'hello', protocol: 2, key: agent.key })
  expect(Object.keys(await client.next('hello'))).toEqual(['type', 'protocol', 'agent', 'claimed', 'at'])
  next.say({ type: 'hello', protocol: 2, key: agent.key })
  await client.closed
  expect(client.heard.map(({ message }) => message.type)).toEqual(['hello'])
})

test('a network within reach is told', async () => {
  const agent = await SandboxedAgent.start(executable, { network: 'routed' })
  agents.push(agent)
  const client = await agent.connect()
  client.say({ type: 'prepare', launch: SHELL, cols: 80, rows: 24, outputBytesMax: 10_000 })
  expect(await client.next('ready')).toMatchObject({ canary: 'open' })
})

test('without a prompt pattern it is ready once the output is quiet', async () => {
  const agent = await start()
  const client = await agent.connect()
  client.say({ type: 'prepare', launch: { ...SHELL, repl: 'echo hi; cat' }, cols: 80, rows: 24, outputBytesMax: 10_000 })
  expect(await client.next('ready')).toMatchObject({ atPrompt: false, end: 4 })
})

test('output goes on from any offset, byte for byte', async () => {
  const { agent, client, finish } = await world()
  const { output } = await finish('seq 20000')
  expect(output).toBe(counted(20_000))

  const next = await agent.connect()
  next.say({ type: 'attach', offset: 12_345 })
  const { end } = await next.next('attached')
  await next.until('all of it', () => next.end() === end)
  expect(next.output()).toBe(output.slice(12_345 - client.end()))
})

test('of more output than the ring holds, the last 256 KiB are there', async () => {
  const { agent, client, finish } = await world()
  const { output } = await finish('seq 200000')
  const next = await agent.connect()
  next.say({ type: 'attach', offset: 0 })
  expect(await next.next('attached')).toMatchObject({ from: client.end() - RING_BYTES, end: client.end() })
  await next.until('all of it', () => next.end() === client.end())
  expect(next.output()).toBe(output.slice(-RING_BYTES))
})

test('detached, the program runs on; its end is told at once and its output kept', async () => {
  const { client, run } = await world()
  run('read x; seq 30000; exit 4')
  await client.next('started')
  client.say({ type: 'detach' })
  client.type('go\n')
  const { at, ...ended } = await client.next('ended')
  expect({ at, code: ended.code }).toEqual({ at, code: 4 })
  client.say({ type: 'attach', offset: at })
  const attached = await client.next('attached')
  expect(attached).toMatchObject({ from: at, state: 'idle', job: 1 })
  await client.until('all of it', () => client.end() === attached.end)
  expect(client.output().endsWith(counted(30_000))).toBe(true)
})

test('a program that ends while nobody is connected is told to whoever attaches next', async () => {
  const { agent, client, run } = await world()
  run('read x; exit 5')
  await client.next('started')
  client.type('go\n')
  client.close()
  const next = await agent.connect()
  next.say({ type: 'attach', offset: 0 })
  expect(await next.next('ended')).toMatchObject({ job: 1, code: 5 })
})

test('64 KiB unacknowledged and not a byte more; the program waits, then goes on', async () => {
  const { agent, client, run } = await world()
  client.acksAtOnce = false
  run('exec head -c 3000000 /dev/zero')
  await client.until('a full window', () => client.end() === OUTPUT_WINDOW_BYTES)
  const head = () => agent.processes().find(({ name, state }) => name === 'head' && state === 'S')
  for (let rounds = 0; !head() || rounds < 100; rounds++) await settled(client)
  const wrote = Number(/^wchar: (\d+)/m.exec(readFileSync(`/proc/${head()?.pid}/io`, 'utf8'))?.[1])
  expect(client.end()).toBe(OUTPUT_WINDOW_BYTES)
  expect(wrote).toBeLessThan(OUTPUT_WINDOW_BYTES + 256 * 1024)

  client.ack(1000)
  await client.until('as much as was acknowledged', () => client.end() === OUTPUT_WINDOW_BYTES + 1000)
  client.acksAtOnce = true
  client.ack()
  expect((await client.next('ended')).at).toBe(3_000_000)
})

test('a stopped job ends for a viewer who does not draw, after its last byte', async () => {
  const { client, run } = await world()
  client.acksAtOnce = false
  run('exec yes')
  await client.until('a full window', () => client.end() === OUTPUT_WINDOW_BYTES)
  client.say({ type: 'stop' })
  client.acksAtOnce = true
  client.ack()
  expect(await client.next('ended')).toMatchObject({ stopped: true, signal: 'SIGKILL', at: client.end() })
})

test('input is taken once, a gap is refused, and where it goes on is said at attach', async () => {
  const { agent, client, runUntil } = await world()
  await runUntil('stty -echo; echo ready; exec cat', 'ready\n')
  client.type('one\ntw', 0)
  client.type('two\n', 4)
  client.type('late', 100)
  expect(await client.next('refused')).toEqual({ type: 'refused', what: 'input', code: 'gap', at: expect.any(Number) as number })
  await client.untilOutput('one\ntwo\n')
  expect(client.output()).toBe('ready\none\ntwo\n')
  const next = await agent.connect()
  next.say({ type: 'attach', offset: 0 })
  expect(await next.next('attached')).toMatchObject({ inputEnd: 8, state: 'running', job: 1 })
})

test('a program that never reads fills 64 KiB of input, more is refused, and Stop works', async () => {
  const { client, runUntil } = await world()
  await runUntil('stty raw -echo; echo ready; exec sleep 1000', 'ready')
  const piece = 'x'.repeat(1024)
  let at = 0
  const refusal = () => client.heard.map(({ message }) => message).find(({ type }) => type === 'refused')
  while (!refusal()) {
    client.type(piece, at)
    at += piece.length
    await settled(client)
  }
  expect(refusal()).toEqual({ type: 'refused', what: 'input', code: 'input_full' })
  const taken = Math.max(0, ...client.heard.flatMap(({ message }) => (message.type === 'input-ack' ? [message.offset] : [])))
  const waiting = at - piece.length - taken
  expect(waiting).toBeLessThanOrEqual(INPUT_WINDOW_BYTES)
  expect(waiting + piece.length).toBeGreaterThan(INPUT_WINDOW_BYTES)
  client.say({ type: 'stop' })
  expect(await client.next('ended')).toMatchObject({ stopped: true })
})

test('64 KiB of input at once arrive whole', async () => {
  const { client, runUntil } = await world()
  await runUntil('stty raw -echo; echo ready; exec head -c 65536 | md5sum', 'ready\n')
  const sent = 'ab'.repeat(INPUT_WINDOW_BYTES / 2)
  client.type(sent)
  await client.next('ended')
  expect(client.output()).toContain(createHash('md5').update(sent).digest('hex'))
})

test('input while nothing runs is dropped and acknowledged', async () => {
  const { client, finish } = await world()
  client.type('lost\n')
  expect(await client.next('input-ack')).toMatchObject({ offset: 5 })
  expect(await finish('read -t 0 x || echo none')).toMatchObject({ output: expect.stringContaining('none') as string })
})

test('Ctrl-C ends a flood', async () => {
  const { client, runUntil } = await world()
  await runUntil('exec yes', 'y\ny\n')
  client.type('\u0003')
  expect(await client.next('ended')).toMatchObject({ signal: 'SIGINT', stopped: false })
})

test('the program is told of a new window size, and the next job has it too', async () => {
  const { client, runUntil, finish } = await world()
  await runUntil('trap "stty size; exit" WINCH; echo ready; while :; do sleep 0.01; done', 'ready\n')
  client.say({ type: 'resize', cols: 132, rows: 43 })
  await client.next('ended')
  expect(client.output()).toContain('43 132\n')
  expect(await finish('stty size')).toMatchObject({ output: '43 132\n' })
})

test('at the end of its life the agent leaves', async () => {
  const agent = await start()
  const client = await agent.connect()
  client.say({ ...CLAIM, lifeMs: 50 })
  expect(await agent.exited).toBe(0)
})

test('on quit the agent leaves, and with it everything in the sandbox', async () => {
  const { agent, client, runUntil } = await world()
  await runUntil('setsid sleep 1000 & echo ready; sleep 1000', 'ready')
  const pids = agent.processes().map(({ pid }) => pid)
  expect(pids.length).toBeGreaterThan(1)
  client.say({ type: 'quit' })
  expect(await agent.exited).toBe(0)
  expect(pids.filter(isAlive)).toEqual([])
})

test('a set-up without end is ended after 10 s', async () => {
  const { ms, setUp } = await endlessSetUp.ended
  expect(setUp).toBe('timeout')
  expect(ms).toBeGreaterThan(10_000 - 500)
  expect(ms).toBeLessThan(10_000 + 5000)
  expect(endlessSetUp.agent.processes()).toEqual([])
})

test('a connection that says nothing for 15 s is closed', async () => {
  const tookMs = await silence.tookMs
  expect(tookMs).toBeGreaterThan(SILENCE_MS - 500)
  expect(tookMs).toBeLessThan(SILENCE_MS + 5000)
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
