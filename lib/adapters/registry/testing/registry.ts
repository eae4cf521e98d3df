import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

const START_MS_MAX = 30_000
const POLL_MS = 20

/** A real registry, Debian's docker-registry, on a free port with its data in the folder; it can be stopped and started again. */
export async function startRegistry(folder: string, { isReadOnly = false } = {}) {
  const port = await freePort()
  const config = join(folder, 'config.yml')
  mkdirSync(folder, { recursive: true })
  writeFileSync(config, configOf(join(folder, 'data'), port, isReadOnly))
  const url = `http://127.0.0.1:${port}`
  // It ends with us, however we do.
  const server: ChildProcess = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'docker-registry', 'serve', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  server.stderr?.setEncoding('utf8').on('data', (text: string) => void (log = (log + text).slice(-20_000)))
  const deadline = performance.now() + START_MS_MAX
  while (!(await answers(`${url}/v2/`))) {
    if (server.exitCode !== null || performance.now() > deadline) throw new Error(`The registry does not start:\n${log}`)
    await setTimeout(POLL_MS)
  }
  return {
    url,
    host: `127.0.0.1:${port}`,
    data: join(folder, 'data'),
    async stop(): Promise<void> {
      if (server.exitCode !== null || server.signalCode !== null) return
      server.kill('SIGKILL')
      await once(server, 'exit')
    },
    /** The registry's own collection of blobs; it has to be stopped, or read-only. */
    collectBlobs(): void {
      const { status, stderr } = spawnSync('docker-registry', ['garbage-collect', config], { encoding: 'utf8' })
      if (status !== 0) throw new Error(`The registry's collection ended with ${status}:\n${stderr}`)
    },
  }
}

/** The secret stays over a restart, or uploads could not be gone on with. */
const configOf = (data: string, port: number, isReadOnly: boolean) => `version: 0.1
log: { level: error }
storage:
  filesystem: { rootdirectory: ${JSON.stringify(data)} }
  delete: { enabled: true }
  maintenance: { readonly: { enabled: ${isReadOnly} } }
http: { addr: '127.0.0.1:${port}', secret: of the tests }
`

const answers = (url: string) =>
  fetch(url).then(
    (answer) => answer.body?.cancel().then(() => true) ?? true,
    () => false,
  )

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
