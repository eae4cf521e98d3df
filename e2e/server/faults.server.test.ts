import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'

import { afterEach, expect, test } from 'vitest'

import { startEmbedded } from '#lib/adapters/postgres/embedded.ts'

import { ownServer, type OwnServer } from '../../cli/own-server.ts'
import { mustRun } from '../../cli/setup/tool.ts'
import { browser, type Browser } from './browser.ts'
import { rawSocket } from './raw-socket.ts'
import { agentsOf, killTree, sandboxesIn, signalAgents } from './sandbox-processes.ts'
import { wireTo } from './wire.ts'

const TOP = resolve(import.meta.dirname, '../..')
const MANY = {
  DRAGOMAN_STARTS_PER_MINUTE_PER_ADDRESS: '6000',
  DRAGOMAN_SESSIONS_PER_ADDRESS: '100',
  DRAGOMAN_SESSIONS_MAX: '100',
}
/** Forty come back in half a second here; a server that is held up by one of them takes as long as the connection's own limits. */
const STORM_MS_MAX = 15_000
/** Some milliseconds here; one that asks sandboxes or the database first takes as long as they do. */
const METRICS_MS_MAX = 2000
const NO_POOL = { DRAGOMAN_POOL_MEMORY_MIB: '0' }

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function serve(name: string, env: Record<string, string> = {}): Promise<OwnServer> {
  const server = await ownServer(name, { ...MANY, ...env })
  closing.push(() => server.stop())
  return server
}
async function visit(url: string, origin = url): Promise<Browser> {
  const visitor = await browser(url, { origin })
  closing.push(() => visitor.close())
  return visitor
}

// Fault 1 and 33: kill -9 of the server in the middle of a session.
test('a session outlives a server that was killed: the same program goes on, byte for byte, and the rest is swept', async () => {
  const first = await serve('fault-kill')
  const visitor = await visit(first.url)
  const session = await visitor.started('bash')
  const started = await visitor.run('main.sh', 'for i in $(seq 1 400); do echo line-$i-$$; sleep 0.02; done; exit 0\n')
  expect(started).toMatchObject({ ok: true })
  await visitor.saw(/line-20-(\d+)/)
  const pid = /line-20-(\d+)/.exec(visitor.text())?.[1]
  const seen = visitor.end()
  first.process.kill('SIGKILL')
  await visitor.until(() => visitor.told.closed)

  const second = await serve('fault-kill')
  const again = await visit(second.url)
  expect(await again.resume(session, seen)).toMatchObject({ ok: true, value: { from: seen, state: 'running' } })
  await again.saw(`line-400-${pid}`)

  const all = visitor.bytes().subarray(0, seen).toString() + again.text()
  const lines = [...all.matchAll(/line-(\d+)-(\d+)\r/g)]
  expect(lines.map(([, n]) => Number(n))).toEqual(Array.from({ length: 400 }, (_, n) => n + 1))
  expect(new Set(lines.map(([, , from]) => from))).toEqual(new Set([pid]))
  // Members of the pool died with their server: what is there is the session and the new pool's.
  await expect.poll(async () => swept(await metrics(second))).toBeGreaterThan(0)
})

// Fault 6: PostgreSQL down at the start, up, down again, up again.
test('without the database known languages run; it comes and goes without a restart', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(TOP, '.dragoman', 'fault-db-'))
  closing.push(() => rm(folder, { recursive: true, force: true }))
  const database = () => startEmbedded({ dataDir: join(folder, 'data'), runDir: join(folder, 'run') })
  // Its address must be one that another process can use.
  const once = await database()
  const { url, migrateUrl } = { url: forOthers(once.url, folder), migrateUrl: forOthers(once.migrateUrl, folder) }
  await once.stop()

  const server = await serve('fault-db', { DATABASE_URL: url, DATABASE_MIGRATE_URL: migrateUrl, ...NO_POOL })
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  expect((await fetch(`${server.url}/readyz`)).status).toBe(503)
  await runsPython(server.url)

  const up = await database()
  await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(200)
  const visitor = await visit(server.url)
  await visitor.started()
  await visitor.saw('>>> ')
  await up.stop()
  await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(503)
  visitor.type('40 + 2\n')
  await visitor.saw('\r\n42\r\n')
  await runsPython(server.url)

  const later = await database()
  closing.push(() => later.stop())
  await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(200)
})

// Fault 19: the agent crashes, or hangs.
test('a session whose agent was killed ends as lost, and leaves nothing', async () => {
  const server = await serve('fault-agent', NO_POOL)
  const visitor = await visit(server.url)
  await visitor.started()
  await visitor.saw('>>> ')
  signalAgents(server, 'SIGKILL')

  expect(await visitor.until(() => visitor.told.ended)).toBe('lost')
  await expect.poll(() => [agentsOf(server), sandboxesIn('fault-agent')]).toEqual([[], []])
})

test('an agent that hangs is found out by its silence, and leaves nothing', { timeout: 90_000 }, async () => {
  const server = await serve('fault-agent', NO_POOL)
  const visitor = await visit(server.url)
  await visitor.started()
  await visitor.saw('>>> ')
  signalAgents(server, 'SIGSTOP')

  expect(await visitor.until(() => visitor.told.ended)).toBe('lost')
  await expect.poll(() => [agentsOf(server), sandboxesIn('fault-agent')]).toEqual([[], []])
})

// Fault 20: the pool is emptied, or its members are dead.
test('starts beyond the pool, and with every member killed, are slower and no errors', async () => {
  const server = await serve('fault-pool', { DRAGOMAN_POOL_LANGUAGES: 'python' })
  await expect
    .poll(async () => /dragoman_pool_members\{kind="python",state="ready"\} [1-9]/.test(await metrics(server)), {
      timeout: 20_000,
    })
    .toBe(true)
  signalAgents(server, 'SIGKILL')
  const answers = await Promise.all(Array.from({ length: 8 }, async () => (await visit(server.url)).start('python')))

  expect(answers.filter((answer) => !answer.ok)).toEqual([])
  expect(new Set(answers.map((answer) => answer.ok && answer.value.session)).size).toBe(8)
})

// Fault 27: a peer that is there and says nothing (sleeping laptop, dropped packets).
test('a half-open connection is given up, the session waits, and resumes at the very byte', { timeout: 90_000 }, async () => {
  const server = await serve('fault-half-open', { ...NO_POOL, DRAGOMAN_SESSION_GRACE_SECONDS: '60' })
  const wire = await wireTo({ port: Number(new URL(server.url).port), host: 'localhost' })
  closing.push(wire.close)
  const visitor = await visit(`http://localhost:${wire.port}`)
  const session = await visitor.started('bash')
  await visitor.run('main.sh', 'i=0; while :; do i=$((i+1)); echo n-$i; sleep 0.05; done\n')
  await visitor.saw('n-20\r\n')
  wire.deafen()
  const seen = visitor.end()
  await expect
    .poll(async () => /dragoman_ws_connections 0/.test(await metrics(server)), { timeout: 40_000, interval: 500 })
    .toBe(true)

  const again = await visit(server.url)
  const resumed = await again.resume(session, seen)
  expect(resumed, JSON.stringify(resumed)).toMatchObject({ ok: true, value: { from: seen, state: 'running' } })
  await again.saw(/n-\d+\r\nn-\d+\r\n/)
  const numbers = [...(visitor.bytes().subarray(0, seen).toString() + again.text()).matchAll(/n-(\d+)\r/g)].map(([, n]) =>
    Number(n),
  )
  expect(numbers).toEqual(numbers.map((_, n) => n + 1))
})

// Fault 28: everybody comes back at once.
test('forty sessions resume at once after an outage, each at its own byte', { timeout: 120_000 }, async () => {
  const COUNT = 40
  const server = await serve('fault-storm', NO_POOL)
  const sessions: { session: string; token: string; seen: number }[] = []
  const visitors: Browser[] = []
  for (let n = 0; n < COUNT; n++) {
    const visitor = await visit(server.url)
    const session = await visitor.started('bash')
    await visitor.saw('$ ')
    visitor.type(`echo mine-$((${n}+0))\n`)
    await visitor.saw(`mine-${n}\r\n`)
    visitors.push(visitor)
    sessions.push({ ...session, seen: visitor.end() })
  }
  for (const visitor of visitors) visitor.close()

  const from = performance.now()
  const back = await Promise.all(
    sessions.map(async (session) => {
      const visitor = await visit(server.url)
      const answer = await visitor.resume(session, 0)
      return { visitor, answer }
    }),
  )
  expect(performance.now() - from).toBeLessThan(STORM_MS_MAX)
  expect(back.filter(({ answer }) => !answer.ok)).toEqual([])
  await Promise.all(back.map(({ visitor }, n) => visitor.saw(`mine-${n}\r\n`)))
})

test('who finds every place taken waits in the queue, sees the place, and is served when somebody leaves', async () => {
  const server = await serve('fault-queue', { ...NO_POOL, DRAGOMAN_SESSIONS_MAX: '1', DRAGOMAN_QUEUE_MAX: '2' })
  const [first, second, third, fourth] = [
    await visit(server.url),
    await visit(server.url),
    await visit(server.url),
    await visit(server.url),
  ]
  await first.started()
  const [secondStarts, thirdStarts] = [second.start('python'), third.start('python')]
  await third.until(() => third.told.phases.find(({ phase, place }) => phase === 'queued' && place === 2))
  expect(await fourth.start('python')).toMatchObject({ ok: false, error: { code: 'queue_full' } })

  await first.call('leave', {})
  expect((await secondStarts).ok).toBe(true)
  await third.until(() => third.told.phases.find(({ phase, place }) => phase === 'queued' && place === 1))
  await second.call('leave', {})
  expect((await thirdStarts).ok).toBe(true)
})

test('the metrics tell what happened, quickly, and name nobody', async () => {
  const server = await serve('fault-metrics', NO_POOL)
  const visitor = await visit(server.url)
  const { session } = await visitor.started('bash')
  const run = await visitor.run('main.sh', 'exit 3\n')
  if (run.ok) await visitor.jobEnded(run.value.job)
  const from = performance.now()
  const text = await metrics(server)

  expect(performance.now() - from).toBeLessThan(METRICS_MS_MAX)
  for (const line of [
    'dragoman_session_starts_total{language="bash",path="cold",outcome="ok"} 1',
    'dragoman_sessions_active{state="attached"} 1',
    'dragoman_agent_connections 1',
    'dragoman_job_ends_total{kind="run",reason="exit"} 1',
    'dragoman_self_test_ok 1',
    'dragoman_db_up 1',
    'process_resident_memory_bytes ',
    'nodejs_eventloop_lag_p99_seconds ',
  ]) {
    expect(text).toContain(line)
  }
  expect(text).not.toContain(session)
})

test('a second server on the same data is refused, and the first goes on', async () => {
  const first = await serve('fault-twice', NO_POOL)

  await expect(ownServer('fault-twice', { ...MANY, ...NO_POOL })).rejects.toThrow(/Cannot start: Cannot take .*server\.lock/)
  await runsPython(first.url)
})

test('a stop leaves no process, no group and no folder of a sandbox', async () => {
  const server = await ownServer('fault-stop', MANY)
  closing.push(() => killTree(server))
  const visitor = await visit(server.url)
  await visitor.started('bash')
  await visitor.saw('$ ')
  expect(agentsOf(server).length).toBeGreaterThan(0)
  // Connections that say nothing do not hold it up.
  const silent = await rawSocket(server.url, { origin: server.url })
  closing.push(silent.end)
  const idle = connect(Number(new URL(server.url).port), 'localhost')
  idle.on('error', () => {}) // being cut off is what it is for
  closing.push(() => idle.destroy())

  await server.stop()

  expect(server.process.exitCode).toBe(0) // one that is held up ends itself with 1
  expect([agentsOf(server), sandboxesIn('fault-stop')]).toEqual([[], []])
})

test('a server that runs out of descriptors refuses early, serves on whom it has, and lets in again', async () => {
  const server = await serve('fault-descriptors', NO_POOL)
  const visitor = await visit(server.url)
  await visitor.started()
  await visitor.saw('>>> ')
  const pid = server.process.pid ?? 0
  const open = readdirSync(`/proc/${pid}/fd`).length
  const limit = (max: number) => mustRun('prlimit', ['--pid', `${pid}`, `--nofile=${max}:`])
  const late = await visit(server.url)

  await limit(Math.round(open * 1.17)) // 85 % of it are open
  await expect.poll(async () => (await fetch(`${server.url}/readyz`)).text()).toContain('"descriptors":{"ok":false')
  expect(await late.start('python')).toMatchObject({ ok: false, error: { code: 'no_room' } })
  // Whatever comes on top: each connection takes one, and none of them is answered.
  const crowd = Array.from({ length: open }, () => connect(Number(new URL(server.url).port), 'localhost'))
  for (const socket of crowd) socket.on('error', () => {})
  closing.push(() => crowd.forEach((socket) => socket.destroy()))
  await expect.poll(() => visit(server.url).then(() => '', String)).toContain('websocket error')
  visitor.type('40 + 2\n')
  await visitor.saw('\r\n42\r\n')

  for (const socket of crowd) socket.destroy()
  await limit(open * 4)
  await expect.poll(async () => (await late.start('python')).ok).toBe(true)
  expect(await metrics(server)).toMatch(/dragoman_session_start_failures_total\{reason="no_room"\} [1-9]/)
})

async function runsPython(url: string): Promise<void> {
  const visitor = await visit(url)
  await visitor.started()
  const run = await visitor.run('main.py', 'print(6 * 7)\n')
  expect(run).toMatchObject({ ok: true })
  await visitor.saw('42\r\n')
  await visitor.call('leave', {})
}

const metrics = async (server: OwnServer) => (await fetch(`${server.url}/metrics`)).text()
const swept = (text: string) => Number(/^dragoman_sandboxes_swept_total (\d+)$/m.exec(text)?.[1] ?? 0)

/** The embedded database is meant for its own process; another one on this machine finds its socket by the folder. */
function forOthers(url: string, folder: string): string {
  const other = new URL(url)
  other.searchParams.set('host', join(folder, 'run'))
  return other.href
}
