import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** Debian's own Python, which Debian's package is for; another may come first on the path. */
const PYTHON = '/usr/bin/python3'
const START_MS_MAX = 60_000
const POLL_MS = 50

export type Swift = {
  readonly endpoint: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  stop(): Promise<void>
}

/** A real S3-speaking store: OpenStack Swift of the Debian package python3-swift, with its data in a folder of its own. */
export async function startSwift(): Promise<Swift> {
  const folder = await mkdtemp(join(tmpdir(), 'swift-'))
  const server = spawn(PYTHON, [join(import.meta.dirname, 'swift_servers.py'), folder], { stdio: ['pipe', 'pipe', 'pipe'] })
  let log = ''
  server.stderr.setEncoding('utf8').on('data', (text: string) => void (log = (log + text).slice(-20_000)))
  const ended = once(server, 'exit').then(([code]) => Promise.reject(new Error(`Swift ended with ${code}:\n${log}`)))
  ended.catch(() => undefined)

  const [port] = (await Promise.race([once(server.stdout.setEncoding('utf8'), 'data'), ended])) as [string]
  const endpoint = `http://127.0.0.1:${port.trim()}`
  const deadline = performance.now() + START_MS_MAX
  while (!(await answers(endpoint))) {
    if (performance.now() > deadline) throw new Error(`Swift does not answer:\n${log}`)
    await Promise.race([setTimeout(POLL_MS), ended])
  }
  return {
    endpoint,
    credentials: { accessKeyId: 'test:tester', secretAccessKey: 'testing' },
    async stop() {
      server.stdin.end()
      await ended.catch(() => undefined)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const answers = (url: string) =>
  fetch(url).then(
    (answer) => answer.body?.cancel().then(() => true) ?? true,
    () => false,
  )
