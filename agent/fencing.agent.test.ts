import { afterEach, beforeAll, expect, test } from 'vitest'

import { serverHello } from '#lib/protocol/agent-words.ts'

import { buildAgent } from '../cli/setup/build-agent.ts'
import type { SandboxedAgent } from './testing/sandboxed-agent.ts'
import { CLAIM, SHELL, world as makeWorld, type World } from './testing/world.ts'

let executable: string
const agents: SandboxedAgent[] = []

beforeAll(async () => {
  ;({ path: executable } = await buildAgent())
})
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.end()))
})

async function world(launch = SHELL): Promise<World> {
  const made = await makeWorld(executable, launch)
  agents.push(made.agent)
  return made
}

const lastWord = ({ heard }: World['client']) => heard.at(-1)?.message

test.each([1, 0])('a server of epoch %i takes the place of one of epoch 0, which is told so', async (epoch) => {
  const { agent, client } = await world()
  const next = await agent.connect(epoch)
  await client.closed
  expect(lastWord(client)).toEqual({ type: 'fenced' })
  next.say({ type: 'attach', offset: 0 })
  expect(await next.next('attached')).toMatchObject({ from: 0 })
})

test('one of a lower epoch is turned away, also when nobody is connected any more', async () => {
  const { agent, client } = await world()
  const newest = await agent.connect(7)
  await client.closed
  const refused = { type: 'refused', what: 'hello', code: 'fenced' }
  const late = await agent.dial()
  late.say(serverHello(agent.key, 6))
  await late.closed
  expect(late.heard.map(({ message }) => message)).toEqual([refused])
  newest.say({ type: 'ping' })
  await newest.next('pong')

  newest.close()
  const later = await agent.dial()
  later.say(serverHello(agent.key))
  await later.closed
  expect(later.heard.map(({ message }) => message)).toEqual([refused])
  expect(await agent.connect(7)).toBeDefined()
})

test('an epoch with another key fences nobody', async () => {
  const { agent, client } = await world()
  const stranger = await agent.dial()
  stranger.say(serverHello('0'.repeat(32), 1000))
  await stranger.closed
  client.say({ type: 'ping' })
  await client.next('pong')
})

test('what a fenced server still sends has no effect, and it is sent no byte more', async () => {
  const { agent, client, runUntil } = await world()
  await runUntil('stty -echo; echo ready; while read x; do echo "$x"; done', 'ready\n')
  const [heardBefore, from] = [client.heard.length, client.end()]

  const next = await agent.dial()
  next.say(serverHello(agent.key, 1)) // in the agent's hands before what follows, and not known to the older server yet
  await next.next('hello')
  client.type('old\n', 0)
  client.say({ type: 'stop' })
  next.say({ type: 'attach', offset: from })
  await next.next('attached')
  next.type('new\n', 0)
  await next.untilOutput('new\n')

  expect(next.output()).toBe('new\n')
  await client.closed
  expect(client.heard.slice(heardBefore).map(({ message }) => message)).toEqual([{ type: 'fenced' }])
  expect(client.end()).toBe(from)
})

test('a server that comes back prepares nothing anew: no set-up, no second prompt, the claim as it was', async () => {
  const { agent, client } = await world({
    ...SHELL,
    setup: 'echo x >>set-up',
    repl: 'printf "$(cat set-up)> "; cat',
    prompt: '> $',
  })
  await client.untilOutput('x> ')
  for (const epoch of [1, 2, 3]) {
    const next = await agent.connect(epoch)
    next.say({ type: 'prepare', launch: SHELL, cols: 80, rows: 24, outputBytesMax: 1000 })
    expect(await next.next('refused')).toMatchObject({ what: 'prepare', code: 'busy' })
    next.say({ ...CLAIM, epoch })
    expect(await next.next('claimed')).toMatchObject({ end: 'x> '.length })
    next.say({ type: 'attach', offset: 0 })
    expect(await next.next('attached')).toMatchObject({ state: 'prompt', job: 0, end: 'x> '.length })
  }
})
