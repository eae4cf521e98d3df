import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'

import { afterEach, beforeAll, expect, test } from 'vitest'

import { buildAgent } from '../cli/setup/build-agent.ts'
import { STRANGERS_MAX } from './port.ts'
import { SandboxedAgent } from './testing/sandboxed-agent.ts'
import { way } from './testing/way.ts'
import { serve, SHELL } from './testing/world.ts'

// As in a restricted pod: on a port, under the one id.
way.oneId = true

let executable: string
const agents: SandboxedAgent[] = []
const sockets: Socket[] = []

beforeAll(async () => {
  ;({ path: executable } = await buildAgent())
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(agents.splice(0).map((agent) => agent.end()))
})

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

async function world() {
  const port = await freePort()
  const agent = await SandboxedAgent.start(executable, { network: 'shared', port })
  agents.push(agent)
  return { port, ...(await serve(agent, SHELL)) }
}

test('an agent on a port serves as one on a socket does, and says what it finds around itself', async () => {
  const { client, finish } = await world()
  const [hello] = client.heard
  expect(hello?.message).toMatchObject({ type: 'hello', oneId: true, uidMap: '0 0 4294967295' })
  expect(await finish('seq 1000 | tail -n 1')).toMatchObject({ code: 0, output: '1000\n' })
})

test('programs have the open files that the agent was told, and leave no image when they crash', async () => {
  const { finish } = await world()
  expect(await finish('ulimit -Sn; ulimit -Hn; ulimit -Hc')).toMatchObject({ output: '600\n600\n0\n' })
})

test('a program cannot take the agent’s port, share it, or hear what is said there', async () => {
  const { port, finish } = await world()
  const listen = `perl -MSocket -e '
    for my $domain (AF_INET, AF_INET6) { for my $reuse (0, SO_REUSEADDR, SO_REUSEPORT) {
      socket my $s, $domain, SOCK_STREAM, 0; setsockopt $s, SOL_SOCKET, $reuse, 1 if $reuse;
      my $any = $domain == AF_INET ? sockaddr_in ${port}, INADDR_ANY : sockaddr_in6 ${port}, Socket::IN6ADDR_ANY();
      print +(bind($s, $any) && listen $s, 1) ? "took " : "refused ";
    } }'`
  expect(await finish(listen)).toMatchObject({ output: 'refused '.repeat(6) })
})

test('connections that say nothing do not keep the server out, and are hung up on', async () => {
  const { agent, client, port } = await world()
  const strangers = Array.from({ length: 4 * STRANGERS_MAX }, () => connect(port, '127.0.0.1'))
  sockets.push(...strangers)
  const ended = () => strangers.filter((socket) => socket.readableEnded || socket.destroyed).length
  for (const socket of strangers) socket.on('error', () => undefined).resume()
  await client.until('most were hung up on', () => ended() >= 3 * STRANGERS_MAX)

  expect(ended()).toBe(3 * STRANGERS_MAX)
  client.say({ type: 'ping' })
  await client.next('pong')
  expect(await agent.connect(1)).toBeDefined()
})
