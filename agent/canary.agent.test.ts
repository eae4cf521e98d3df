import { afterEach, beforeAll, expect, test } from 'vitest'

import type { Canary } from '#lib/protocol/agent-words.ts'

import { buildAgent } from '../cli/setup/build-agent.ts'
import { Outside } from './testing/outside.ts'
import { SandboxedAgent } from './testing/sandboxed-agent.ts'
import { SHELL } from './testing/world.ts'

let executable: string
const stops: (() => unknown)[] = []

beforeAll(async () => {
  ;({ path: executable } = await buildAgent())
})
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

async function world() {
  const agent = await SandboxedAgent.start(executable)
  stops.push(() => agent.end())
  const client = await agent.connect()
  const outside = await Outside.around(agent)
  stops.unshift(() => outside.end())
  return {
    ...{ agent, client, outside },
    async prepared(canary?: Canary) {
      const launch = { ...SHELL, repl: 'printf "> "; cat', prompt: '> $' }
      client.say({ type: 'prepare', launch, cols: 80, rows: 24, outputBytesMax: 1000, ...(canary && { canary }) })
      return (await client.next('ready')).canary
    },
  }
}

const CANARY = { targets: Outside.targets }
/** Long enough for any machine; a firewall's answer comes earlier. */
const PATIENT = { ...CANARY, waitMs: 3000 }

test.each([...Outside.targets])('a network without a firewall is open: %s was reached', async (target) => {
  const { prepared } = await world()
  expect(await prepared({ targets: [target], waitMs: 3000 })).toBe('open')
})

test.each(['REJECT', 'DROP'] as const)('behind a firewall of the kind %s it is blocked', async (how) => {
  const { client, outside, prepared } = await world()
  outside.wallOff(how)
  expect(await prepared(CANARY)).toBe('blocked')
  client.say({ type: 'ping' })
  await client.next('pong')
  expect(client.heard.some(({ message }) => message.type === 'canary-open')).toBe(false)
})

test('cloud metadata is tried, named or not', async () => {
  const { agent, outside, prepared } = await world()
  outside.routeAll(agent)
  outside.answerAsMetadata()
  expect(await prepared({ targets: [], waitMs: 3000 })).toBe('open')
})

test('a target that is no address counts as reached, since nothing was shown', async () => {
  const { outside, prepared } = await world()
  outside.wallOff('DROP')
  expect(await prepared({ targets: ['metadata.internal:80'] })).toBe('open')
})

test('a wall that falls after the answer is told, to the next server too', async () => {
  const { agent, client, outside, prepared } = await world()
  outside.wallOff('DROP')
  expect(await prepared(CANARY)).toBe('blocked')
  outside.tearDown()
  await client.next('canary-open')

  const next = await agent.connect(1)
  await next.next('canary-open')
})

test('without targets a wall is no proof: a packet that left counts', async () => {
  const { agent, outside, prepared } = await world()
  outside.routeAll(agent)
  outside.wallOff('DROP')
  expect(await prepared()).toBe('open')
})

test('the prompt does not wait for the canary longer than it takes itself', async () => {
  const { client, outside } = await world()
  outside.wallOff('DROP')
  const launch = { ...SHELL, repl: 'sleep 1; printf "> "; cat', prompt: '> $' }
  client.say({ type: 'prepare', launch, cols: 80, rows: 24, outputBytesMax: 1000, canary: { ...PATIENT, waitMs: 900 } })
  const prompt = client.next('prompt')
  const { at } = await client.next('ready')
  expect((await prompt).at).toBe(at)
})
