/**
 * The agent: our program inside a sandbox. It is process 1 there, listens on the socket it inherits as descriptor 3 (or
 * on a port, in a pod; or takes connections that are handed to it, where a sandbox inherits none), and does what the server
 * says: opens the prompt, runs jobs on a terminal, carries bytes. It holds no secret.
 */
import { Agent } from './agent.ts'
import type { Connection } from './connection.ts'
import { closeOwnPlace } from './files.ts'
import { filterProgram } from './filter.ts'
import { takeHanded } from './handed.ts'
import { beginAnewWith, dropGroups, hideFromOwnId, installFilter, limitResources } from './libc.ts'
import { Lifetime } from './lifetime.ts'
import { listenOnPort } from './port.ts'
import { reapOrphans } from './processes.ts'
import { lookAround } from './surroundings.ts'
import { isOneId, isOurChild } from './visitor.ts'

/** Set when the executable is built. */
declare const AGENT_VERSION: string

const LISTENER = 3
const EXIT_MISUSED = 64
const EXIT_FAULT = 70

function fail(code: number, why: unknown): never {
  process.stderr.write(`dragoman-agent: ${String(why).split('\n', 1)[0]}\n`)
  process.exit(code)
}

process.on('uncaughtException', (error) => fail(EXIT_FAULT, error))
process.on('unhandledRejection', (error) => fail(EXIT_FAULT, error))

// Anywhere else, ending all a job left behind would end everything on the machine.
if (process.pid !== 1) fail(EXIT_MISUSED, 'not process 1 of a sandbox')
const keySha256 = process.env['DRAGOMAN_KEY_SHA256'] ?? ''
if (!/^[0-9a-f]{64}$/.test(keySha256)) fail(EXIT_MISUSED, 'DRAGOMAN_KEY_SHA256 is missing')

// A thread that cannot be made at the sandbox's limit of processes makes the engine abort, and so a fork bomb would end the
// agent. It keeps to the threads that it begins with. The engine reads this only at its start.
const FEW_THREADS = { BUN_JSC_useConcurrentJIT: '0', BUN_JSC_useConcurrentGC: '0', BUN_JSC_numberOfGCMarkers: '1' }
if (Object.keys(FEW_THREADS).some((name) => process.env[name] === undefined)) beginAnewWith(FEW_THREADS)

const openFiles = process.env['DRAGOMAN_OPEN_FILES']
if (openFiles !== undefined) limitResources(Number(openFiles))
if (isOneId) {
  hideFromOwnId()
  installFilter(filterProgram(process.arch === 'arm64' ? 'arm64' : 'x64'))
} else {
  dropGroups()
  closeOwnPlace()
}
reapOrphans(isOurChild)
const quit = () => process.exit(0)
const surroundings = lookAround(isOneId)
const agent = new Agent({ version: AGENT_VERSION, keySha256, surroundings, lifetime: new Lifetime(quit), quit })

const socket: Bun.SocketHandler<Connection> = {
  open(socket) {
    socket.data = agent.accept(socket)
  },
  data: ({ data }, bytes) => data.received(bytes),
  drain: ({ data }) => data.drained(),
  close: ({ data }) => data.close(),
  error: ({ data }) => data.close(),
}
type OnDescriptor = (options: { fd: number; socket: Bun.SocketHandler<Connection> }) => unknown
if (process.env['DRAGOMAN_HANDED'] === '1') {
  const connectOn = Bun.connect as unknown as OnDescriptor
  await takeHanded((fd) => void Promise.resolve(connectOn({ fd, socket })).catch(() => undefined)) // hung up meanwhile
} else if (process.env['DRAGOMAN_PORT'] !== undefined) {
  listenOnPort(Number(process.env['DRAGOMAN_PORT']), socket)
} else {
  const listenOn = Bun.listen as unknown as OnDescriptor
  listenOn({ fd: LISTENER, socket })
}
