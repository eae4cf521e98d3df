/**
 * The runner: our program in a build's pod. It is process 1 there, root of what may be a user namespace, and does what the
 * server says: looks at the root, runs recipes in it, and tells what they changed. It holds no secret.
 */
import { chmodSync, existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'

import { RUNNER_PLACES, RUNNER_PORT } from '#lib/protocol/runner-words.ts'
import { killQuietly, reapOrphans } from '../agent/processes.ts'
import { hide } from './libc.ts'
import { Runner } from './runner.ts'
import { Script } from './script.ts'
import { mountedPlaces } from './snapshot.ts'

/** Where recipes find the proxy, as on a machine; see lib/application/ports/recipes.ts. */
const PROXY_PORT = 3128
/** In images of recipes that need them; see lib/application/images/runner-image.ts. */
const TOOLS = '/dragoman-tools'
const EXIT_MISUSED = 64
const EXIT_FAULT = 70
/** What a container's platform mounts there may be anybody's; a recipe expects what a system has. */
const MODES = [
  ['/tmp', 0o1777],
  ['/run', 0o755],
  ['/mnt', 0o755],
] as const

function fail(code: number, why: unknown): never {
  process.stderr.write(`dragoman-runner: ${String(why).split('\n', 1)[0]}\n`)
  process.exit(code)
}

process.on('uncaughtException', (error) => fail(EXIT_FAULT, error))
process.on('unhandledRejection', (error) => fail(EXIT_FAULT, error))

// Anywhere else, ending all that a recipe left behind would end everything on the machine.
if (process.pid !== 1) fail(EXIT_MISUSED, 'not process 1 of a container')
const keySha256 = process.env['DRAGOMAN_KEY_SHA256'] ?? ''
if (!/^[0-9a-f]{64}$/.test(keySha256)) fail(EXIT_MISUSED, 'DRAGOMAN_KEY_SHA256 is missing')

hide()
for (const [folder, mode] of MODES) chmodSync(folder, mode)
if (existsSync(TOOLS)) symlinkSync(TOOLS, '/run/tools')
const ours = new Set<number | undefined>()
reapOrphans((pid) => ours.has(pid))
const runner = new Runner({
  keySha256,
  root: '/',
  places: RUNNER_PLACES,
  mounted: mountedPlaces,
  script(env) {
    const script = new Script({ env, killAll: () => killQuietly(-1), memoryKills })
    const { pid } = script.child
    ours.add(pid)
    script.child.once('exit', () => ours.delete(pid))
    return script
  },
  abandoned: () => fail(EXIT_FAULT, 'no server has been heard of'),
})
runner.ways.server.listen(PROXY_PORT, '127.0.0.1')
createServer({ allowHalfOpen: true }, (socket) => void runner.accept(socket)).listen(RUNNER_PORT)

/** As the container's control group counts them, in either version. */
function memoryKills(): number {
  for (const file of ['memory.events', 'memory/memory.oom_control']) {
    try {
      const counted = /^oom_kill (\d+)$/m.exec(readFileSync(`/sys/fs/cgroup/${file}`, 'utf8'))?.[1]
      if (counted !== undefined) return Number(counted)
    } catch {
      // the other version
    }
  }
  return 0
}
