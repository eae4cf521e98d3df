import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { openDatabase } from '#lib/adapters/pg/database.ts'
import { DATABASE, WEB_ROLE } from '#lib/adapters/postgres/roles.ts'
import { socketFolder } from '#lib/adapters/postgres/socket-path.ts'
import { testBase } from '#lib/application/images/base.contract.ts'
import type { BuildStatus } from '#lib/application/ports/build-queue.ts'
import { cliVisitor } from '#lib/visitor/visitor.ts'

import { type OwnServer, ownServer } from '../own-server.ts'

const DRAGOMAN = resolve(import.meta.dirname, '../dragoman.mjs')
const MS_MAX = 180_000
/** A build's next step comes in seconds, or in a minute when the machine is busy. */
const PATIENCE = { timeout: 90_000, interval: 200 }
/** Nobody listens there. */
const NOBODY = 'http://127.0.0.1:9/'
const top = mkdtempSync(join(tmpdir(), 'dragoman-b-'))
const data = join(top, 'data')
const configs = join(top, 'configs')
const ENV = { DRAGOMAN_DATA_DIR: data, DRAGOMAN_BUILDER: 'auto', DRAGOMAN_NPM_REGISTRY: NOBODY, DRAGOMAN_POOL_MEMORY_MIB: '0' }

/** Languages that are nowhere but in their images. */
function config(id: string, install: string, run = 'greet'): void {
  const lines = [
    `id: ${id}`,
    `name: ${id}`,
    'main: main',
    'template: hello',
    `run: ${run}`,
    'versionCommand: greet',
    `install: ${install}`,
  ]
  writeFileSync(join(configs, `${id}.yaml`), `${lines.join('\n')}\n`)
}

let server: OwnServer
const children = new Set<ChildProcess>()
beforeAll(async () => {
  mkdirSync(configs)
  config('zzgreets', `{scripts: {greet: "#!/bin/sh\\necho Hello, world!\\n"}}`)
  config('zzfails', '{manual: "echo before; echo nothing good >&2; exit 3"}')
  config('zzalone', '{npm: [is-number]}')
  config('zzsleeps', '{manual: "echo sleeps; sleep 600"}')
  const base = await testBase(join(data, 'images'))
  server = await ownServer(data, ENV)
  await withDatabase(async (database) => {
    const facts = { distribution: base.facts.distribution, release: base.facts.release }
    await pgArtifacts(database).record({ kind: 'base', digest: base.digest, size: 1, inputs: [], facts })
  })
}, MS_MAX)
afterEach(() => children.forEach((child) => child.kill('SIGKILL')))
afterAll(async () => {
  await server?.stop()
  rmSync(top, { recursive: true, force: true })
})

async function withDatabase<T>(use: (database: ReturnType<typeof openDatabase>) => Promise<T>): Promise<T> {
  const sockets = socketFolder(join(data, 'run'), join(data, 'postgres'))
  const url = `postgresql://${WEB_ROLE}@localhost/${DATABASE}?host=${encodeURIComponent(sockets.forUs)}`
  const database = openDatabase({ url, timeoutMs: 10_000 })
  try {
    return await use(database)
  } finally {
    await database.close()
    sockets.close()
  }
}

/** Runs the command as a person does, on this server's data. */
function start(...args: readonly string[]) {
  const child = spawn(DRAGOMAN, args, { env: { ...process.env, ...ENV }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  children.add(child)
  child.once('close', () => children.delete(child))
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const done = new Promise<{ status: number | null; out: string; err: string }>((settle) =>
    child.on('close', (status) => settle({ status, out, err })),
  )
  return { child, done, said: () => err }
}
const build = (...args: readonly string[]) => start('build', ...args, '--configs', configs)
const builtAs = (done: { out: string }): object => JSON.parse(done.out) as object
const buildOf = async (lang: string): Promise<BuildStatus | undefined> =>
  (JSON.parse((await start('builds', lang, '--json').done).out) as BuildStatus[])[0]

test('a language is built, tested and made live, and a session has what only its image has', { timeout: MS_MAX }, async () => {
  const done = await build('zzgreets', '--promote', '--json').done
  expect(builtAs(done), done.err).toMatchObject({
    ok: true,
    builds: [{ lang: 'zzgreets', outcome: 'ok', how: 'new', deployment: 1, steps: [{ artifact: expect.any(String) }, {}, {}] }],
  })
  expect(done.status).toBe(0)
  expect(builtAs(await build('zzgreets', '--json').done)).toMatchObject({ ok: true, builds: [{ how: 'done' }] })

  const visitor = await cliVisitor(server.url, AbortSignal.timeout(MS_MAX))
  await expect.poll(() => visitor.start('zzgreets'), PATIENCE).toMatchObject({ ok: true })
  await visitor.run([{ path: 'main', text: '' }])
  await expect.poll(visitor.output, PATIENCE).toContain('Hello, world!')
  await visitor.leave()
  expect(existsSync('/usr/local/bin/greet')).toBe(false)

  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  expect(metrics).toMatch(/^dragoman_builds_total\{outcome="ok"\} 1$/m)
  expect(metrics).toMatch(/^dragoman_build_step_seconds_count\{step="test",outcome="ok"\} 1$/m)
})

test('what only the checks depend on builds nothing again', { timeout: MS_MAX }, async () => {
  config('zzgreets', `{scripts: {greet: "#!/bin/sh\\necho Hello, world!\\n"}}`, 'greet; greet')
  expect(builtAs(await build('zzgreets', '--json').done)).toMatchObject({
    builds: [{ outcome: 'ok', how: 'new', steps: [{ skipped: true }, { skipped: true }, { skipped: false }] }],
  })
})

test('what a language shares is in its image, and a change of it builds that anew', { timeout: MS_MAX }, async () => {
  mkdirSync(join(configs, 'shared'))
  const share = (text: string) =>
    writeFileSync(join(configs, 'shared/greeting.yaml'), `id: greeting\ninstall: {files: {/etc/greeting: "${text}\\n"}}\n`)
  config('zzshares', '{riju: [greeting], scripts: {greet: "#!/bin/sh\\ncat /etc/greeting\\n"}}')
  share('Hello, world!')
  expect(builtAs(await build('zzshares', '--json').done)).toMatchObject({ ok: true, builds: [{ how: 'new', outcome: 'ok' }] })

  share('Hello, world! And all')
  expect(builtAs(await build('zzshares', '--json').done)).toMatchObject({
    builds: [{ how: 'new', outcome: 'ok', steps: [{ skipped: false }, { skipped: false }, { skipped: false }] }],
  })
  rmSync(join(configs, 'shared'), { recursive: true })
  const { status, out } = await build('zzshares').done
  expect({ status, out }).toEqual({ status: 1, out: expect.stringContaining('there is no shared package "greeting"') })
})

test('a recipe that fails is the language’s fault, in its own last words', { timeout: MS_MAX }, async () => {
  const { status, out } = await build('zzfails', '--json').done
  expect(builtAs({ out })).toMatchObject({ ok: false, builds: [{ outcome: 'failed', why: 'nothing good' }] })
  expect(status).toBe(1)
})

test(
  'a registry that nobody answers for is the machinery’s fault, and Ctrl-C ends the next try',
  { timeout: MS_MAX },
  async () => {
    const building = build('zzalone')
    await expect.poll(building.said, PATIENCE).toContain('package, try 2')
    process.kill(-(building.child.pid ?? 0), 'SIGINT')
    const { status, err } = await building.done
    expect(err).toContain('Cancelled 1 of 1 builds')
    expect(status).toBe(130)
    expect(await buildOf('zzalone')).toMatchObject({ outcome: 'cancelled', steps: [{ attempts: 2 }, {}, {}] })
    const log = (await start('logs', (await buildOf('zzalone'))?.id ?? '').done).err
    expect(log).toContain('package, attempt 1 was let down by the machinery: ')
  },
)

test('a server that is killed in the middle leaves one outcome to the next, which goes on', { timeout: MS_MAX }, async () => {
  const building = build('zzsleeps')
  await expect.poll(async () => (await buildOf('zzsleeps'))?.steps[0]?.state, PATIENCE).toBe('running')
  building.child.kill('SIGKILL')
  server.process.kill('SIGKILL')
  await new Promise((gone) => server.process.once('exit', gone))
  server = await ownServer(data, ENV)

  const again = build('zzsleeps')
  await expect.poll(again.said, PATIENCE).toContain('package, try 2')
  expect(again.said()).toMatch(/^zzsleeps b\w{16}: package$/m)
  process.kill(-(again.child.pid ?? 0), 'SIGTERM')
  await again.done
  const { id = '' } = (await buildOf('zzsleeps')) ?? {}
  expect((await start('cancel', id).done).status).toBe(0)
  await expect.poll(async () => (await buildOf('zzsleeps'))?.outcome, PATIENCE).toBe('cancelled')
  const log = (await start('logs', id).done).err
  expect(log.match(/attempt 1 was let down by the machinery: The builder ended without a word/g)).toHaveLength(1)
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
  await server.stop()
  expect(mounts).not.toContain(top)
})
