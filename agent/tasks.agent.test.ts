import { afterEach, beforeAll, expect, test } from 'vitest'

import { TASK_ERRORS_CHARS_MAX, type ToAgent } from '#lib/protocol/agent-words.ts'
import { CODE_BYTES_MAX, OUTPUT_WINDOW_BYTES } from '#lib/protocol/sizes.ts'

import { buildAgent } from '../cli/setup/build-agent.ts'
import type { SandboxedAgent } from './testing/sandboxed-agent.ts'
import { world as makeWorld } from './testing/world.ts'

let executable: string
const agents: SandboxedAgent[] = []

beforeAll(async () => {
  ;({ path: executable } = await buildAgent())
})
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.end()))
})

type Options = Partial<Omit<Extract<ToAgent, { type: 'task' }>, 'type' | 'command'>>

async function world() {
  const made = await makeWorld(executable)
  agents.push(made.agent)
  const task = (command: string, { stream = 1, timeMs = 20_000, outputBytesMax = 10_000_000, ...more } = {} as Options) =>
    made.client.say({ type: 'task', stream, command, timeMs, outputBytesMax, ...more })
  return { ...made, task }
}

const FINE = { stream: 1, timedOut: false, outputSpent: false }

test('a task’s output and errors come on its stream, then its status, as the visitor in the home', async () => {
  const { client, task } = await world()
  task('id -u; pwd; echo oops >&2; exit 4')
  expect(await client.next('task-ended')).toMatchObject({ ...FINE, code: 4 })
  expect(client.output(1)).toBe('1000\n/home/visitor\noops\n')
})

test('its input is what is typed on its stream, and ends when that is said', async () => {
  const { client, task } = await world()
  task('md5sum')
  client.type('hello ', 0, 1)
  client.type('lo world', 3, 1)
  client.say({ type: 'task-end-input', stream: 1 })
  await client.next('task-ended')
  expect(client.output(1)).toBe('5eb63bbbe01eeed093cb22bb8f5acdc3  -\n')
})

test('input that nobody reads is held up to a whole program and then refused, and the agent goes on', async () => {
  const { client, task } = await world()
  task('sleep 1000')
  const piece = 'x'.repeat(16 * 1024)
  let sent = 0
  const refusal = () => client.heard.map(({ message }) => message).find(({ type }) => type === 'refused')
  for (; !refusal(); sent += piece.length) {
    client.type(piece, sent, 1)
    client.say({ type: 'ping' })
    await client.next('pong')
  }
  expect(refusal()).toEqual({ type: 'refused', what: 'input', code: 'input_full' })
  // What the kernel took for it, some 208 KiB, counts no longer.
  const held = sent - piece.length
  expect(held).toBeGreaterThanOrEqual(CODE_BYTES_MAX)
  expect(held).toBeLessThanOrEqual(CODE_BYTES_MAX + 256 * 1024)
})

test('tasks that end in the midst of what they are given leave the agent as it was', async () => {
  const { client, task } = await world()
  const piece = 'x'.repeat(64 * 1024)
  for (let stream = 1; stream <= 20; stream++) {
    task(stream % 2 ? 'sleep 1000' : 'exit 0', { stream })
    for (const at of [0, piece.length]) client.type(piece, at, stream)
    client.say({ type: 'task-stop', stream })
    expect(await client.next('task-ended')).toMatchObject({ stream })
  }
  task('echo well', { stream: 21 })
  expect(await client.next('task-ended')).toMatchObject({ stream: 21, code: 0 })
})

test('a gap in its input is refused', async () => {
  const { client, task } = await world()
  task('cat')
  client.type('x', 1, 1)
  expect(await client.next('refused')).toMatchObject({ what: 'input', code: 'gap' })
})

test('its output keeps to the window and comes whole', async () => {
  const { client, task } = await world()
  client.acksAtOnce = false
  task('head -c 2000000 /dev/zero')
  await client.until('a full window', () => client.end(1) >= OUTPUT_WINDOW_BYTES)
  client.say({ type: 'ping' })
  await client.next('pong')
  expect(client.end(1)).toBe(OUTPUT_WINDOW_BYTES)

  client.acksAtOnce = true
  client.ack(client.end(1), 1)
  expect(await client.next('task-ended')).toMatchObject({ ...FINE, code: 0 })
  expect(client.end(1)).toBe(2_000_000)
})

test('it may print just as much as it may, and is ended at a byte more', async () => {
  const { client, task } = await world()
  task('head -c 50000 /dev/zero', { outputBytesMax: 50_000 })
  expect(await client.next('task-ended')).toMatchObject({ ...FINE, code: 0 })
  task('head -c 50001 /dev/zero; sleep 1000', { stream: 2, outputBytesMax: 50_000 })
  expect(await client.next('task-ended')).toMatchObject({ stream: 2, outputSpent: true, signal: 'SIGKILL' })
  expect([client.end(1), client.end(2)]).toEqual([50_000, 50_000])
})

test('at the end of its time it is ended, with what it started', async () => {
  const { agent, client, task } = await world()
  task('sleep 1001 & sleep 1002', { timeMs: 100 })
  expect(await client.next('task-ended')).toMatchObject({ timedOut: true, signal: 'SIGKILL' })
  await client.until('an empty sandbox', () => agent.processes().length === 0)
})

test('it is stopped by word, and by the loss of the connection', async () => {
  const { agent, client, task } = await world()
  task('sleep 1001')
  client.say({ type: 'task-stop', stream: 1 })
  expect(await client.next('task-ended')).toMatchObject({ ...FINE, signal: 'SIGKILL' })
  task('sleep 1002')
  await client.until('the task', () => agent.processes().length > 0)
  client.close()
  const next = await agent.connect()
  await next.until('an empty sandbox', () => agent.processes().length === 0)
  expect(next.heard.map(({ message }) => message.type)).toEqual(['hello'])
})

test('four run at once and a fifth is refused, as is a stream in use', async () => {
  const { client, task } = await world()
  task('sleep 1000')
  task('sleep 1000')
  expect(await client.next('refused')).toMatchObject({ what: 'task', code: 'busy' })
  for (const stream of [2, 3, 4, 5]) task('sleep 1000', { stream })
  expect(await client.next('refused')).toMatchObject({ what: 'task', code: 'busy' })
  client.say({ type: 'task-stop', stream: 4 })
  expect(await client.next('task-ended')).toMatchObject({ stream: 4 })
  task('exit 6', { stream: 5 })
  expect(await client.next('task-ended')).toMatchObject({ stream: 5, code: 6 })
})

test('stopping the job spares a task, and nothing of the job', async () => {
  const { agent, client, task, runUntil } = await world()
  task('read x; sh -c "sleep 1; echo lives"')
  await runUntil('(setsid sleep 1001 &); echo ready; sleep 1002', 'ready\n')
  client.say({ type: 'stop' })
  expect(await client.next('ended')).toMatchObject({ stopped: true })
  await client.until('the end of the job', () => !agent.processes().some(({ name }) => name === 'sleep'))
  client.type('go\n', 0, 1)
  expect(await client.next('task-ended')).toMatchObject({ ...FINE, code: 0 })
  expect(client.output(1)).toBe('lives\n')
})

test('what a task leaves behind ends when nothing runs any more', async () => {
  const { agent, client, task } = await world()
  task('setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo left')
  expect(await client.next('task-ended')).toMatchObject({ ...FINE, code: 0 })
  await client.until('an empty sandbox', () => agent.processes().length === 0)
})

test('what prints for ever after its task has ended does not hold up the end', async () => {
  const { client, task } = await world()
  client.acksAtOnce = false
  task('setsid perl -e \'$SIG{PIPE} = "IGNORE"; print "held\\n" while 1\' & sleep 0.2', { outputBytesMax: 1e12 })
  // A viewer that takes its time: whenever the agent looks, it waits for one.
  const acking = setInterval(() => client.ack(client.end(1), 1), 20)
  expect(await client.next('task-ended')).toMatchObject({ ...FINE, code: 0 })
  clearInterval(acking)
})

test('errors that are kept apart come at the end, the last of them', async () => {
  const { client, task } = await world()
  task('echo out; seq 1 100000 >&2; echo last >&2; exit 3', { errorsApart: true })
  const ended = await client.next('task-ended')
  expect(ended).toMatchObject({ ...FINE, code: 3 })
  expect(ended.errors).toHaveLength(TASK_ERRORS_CHARS_MAX)
  expect(ended.errors?.endsWith('\n100000\nlast\n')).toBe(true)
  expect(client.output(1)).toBe('out\n')
})

test('what it read of its input is told, so that more can be sent', async () => {
  const { client, task } = await world()
  task('head -c 11 >/dev/null')
  client.type('hello ', 0, 1)
  client.type('world', 6, 1)
  expect(await client.next('task-input-ack')).toMatchObject({ stream: 1, offset: 6 })
  expect(await client.next('task-input-ack')).toMatchObject({ stream: 1, offset: 11 })
  expect(await client.next('task-ended')).toMatchObject({ ...FINE, code: 0 })
})

test('it may hold the memory it was given and is ended for more, with what it started', async () => {
  const { agent, client, task } = await world()
  const memoryBytesMax = 64 * 1024 * 1024
  const holds = (bytes: number) => `perl -e '$held = "x" x ${bytes}; print "held\\n"; $| = 1; print "and\\n"; <STDIN>'`
  task(`${holds(25_000_000)}; cat /proc/self/oom_score_adj`, { memoryBytesMax })
  await client.until('it holds', () => client.output(1).includes('and'))
  task(`${holds(80_000_000)} <&0 & wait`, { stream: 2, memoryBytesMax })
  expect(await client.next('task-ended')).toMatchObject({ stream: 2, memorySpent: true, signal: 'SIGKILL' })

  client.type('\n', 0, 1)
  const ended = await client.next('task-ended')
  expect(ended).toMatchObject({ ...FINE, code: 0 })
  expect(ended).not.toHaveProperty('memorySpent')
  expect(client.output(1)).toBe('held\nand\n900\n')
  await client.until('an empty sandbox', () => agent.processes().length === 0)
})
