import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { buildThrough, newInputs, newLang, testedLike, well } from '#lib/application/testing/builds.ts'
import { apiWorld } from '#lib/web/api/world.contract.ts'

let world: Awaited<ReturnType<typeof apiWorld>>
let home: string
beforeAll(async () => {
  world = await apiWorld()
  home = mkdtempSync(join(tmpdir(), 'dragoman-home-'))
})
afterAll(async () => {
  rmSync(home, { recursive: true })
  await world.end()
})

type Said = { readonly status: number; readonly stdout: string; readonly stderr: string }
const MAIN = join(import.meta.dirname, '../dragoman/main.ts')

/** The command line as a process of its own, which has nothing of ours but the address. */
function dragoman(args: readonly string[], env: Record<string, string> = {}, stdin = '', server = world.origin): Promise<Said> {
  const { PATH = '' } = process.env
  return new Promise((done) => {
    const options = { env: { NODE_ENV: 'test' as const, PATH, HOME: home, XDG_CONFIG_HOME: home, ...env }, timeout: 50_000 }
    const child = execFile(process.execPath, [MAIN, ...args, '--server', server], options, (error, stdout, stderr) => {
      done({ status: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr })
    })
    child.stdin?.end(stdin)
  })
}
const tokenFor = async (role: 'contributor' | 'maintainer') => (await world.token(await world.somebody(role))).secret

/** Does the queue's work until it is told to stop. */
async function worker(signal: AbortSignal, lsp: 'ok' | 'failed' = 'ok') {
  const { queue } = world.world
  while (!signal.aborted) {
    const leased = await queue.lease('here', 1)
    if (leased) await queue.finish(leased, leased.step === 'test' ? testedLike(leased, { run: 'ok', lsp }) : well(leased))
    else await new Promise((done) => setTimeout(done, 50))
    await world.query('NOTIFY dragoman_log')
  }
}

test('a token that works is kept for its server, for its person alone, and used from then on', async () => {
  const bad = await dragoman(['login'], {}, `drg_${'0'.repeat(64)}\n`)
  expect(bad).toMatchObject({ status: 1, stdout: '' })
  expect(bad.stderr).toContain('none of ours')
  const kept = await dragoman(['login'], {}, `${await tokenFor('contributor')}\n`)
  expect(kept).toMatchObject({ status: 0 })
  expect(kept.stdout).toContain('You are a contributor, contributor; the token is for reading, build, deploy, admin')
  expect(statSync(join(home, 'dragoman/tokens.json')).mode & 0o777).toBe(0o600)
  const refused = await dragoman(['promote', 'python'])
  expect(refused).toMatchObject({ status: 1, stdout: '' })
  expect(refused.stderr).toContain('Your role does not allow that: {"action":"promote","needs":"maintainer"}')
})

test('a language is built there, followed to its end, and made live', async () => {
  const stop = new AbortController()
  const working = worker(stop.signal)
  const env = { DRAGOMAN_TOKEN: await tokenFor('maintainer') }
  const built = await dragoman(['build', 'python', '--refresh', '--promote'], env)
  expect(built).toMatchObject({ status: 0 })
  expect(built.stdout).toMatch(/python: b[0-9a-f]{16} new\npython: now live \(deployment 1\)/)
  expect(built.stderr).toContain('--- end ok')

  expect((await dragoman(['status', 'python'])).stdout).toMatch(/python +1 /)
  const listed = await dragoman(['builds', 'python', '--json'])
  const { builds } = JSON.parse(listed.stdout) as { builds: { id: string; outcome: string }[] }
  expect(builds).toMatchObject([{ outcome: 'ok' }])
  const [{ id = '' } = {}] = builds
  expect(await dragoman(['logs', id])).toMatchObject({ status: 0 })
  expect(await dragoman(['logs', id, '--follow'])).toMatchObject({ status: 0 })
  expect((await dragoman(['retry', id], env)).stderr).toContain('went well')
  expect((await dragoman(['rollback', 'python'], env)).stderr).toContain('nothing to go back to')
  stop.abort()
  await working
})

test('a regression is told with its checks', async () => {
  const lang = newLang()
  await buildThrough(world.world.queue, newInputs({ lang }), { run: 'ok', lsp: 'ok' })
  const env = { DRAGOMAN_TOKEN: await tokenFor('maintainer') }
  expect(await dragoman(['promote', lang], env)).toMatchObject({ status: 0 })
  const worse = await buildThrough(world.world.queue, newInputs({ lang }), { run: 'ok', lsp: 'failed' })
  const refused = await dragoman(['promote', lang, '--build', worse], env)
  expect(refused.status).toBe(1)
  expect(refused.stderr).toContain('"check":"lsp","was":"ok","is":"failed"')
})

test('a build that is not there, a language that is none, a server that is away', async () => {
  const env = { DRAGOMAN_TOKEN: await tokenFor('contributor') }
  expect((await dragoman(['cancel', 'b0123456789abcdef'], env)).stderr).toContain('There is no such build')
  expect((await dragoman(['logs', '../me'], env)).stderr).toContain('not of the agreed form')
  expect((await dragoman(['build', 'PYTHON'], env)).stderr).toContain('is no id of a language')
  const away = await dragoman(['builds'], env, '', 'http://127.0.0.1:9')
  expect([away.status, away.stdout]).toEqual([1, ''])
  expect(away.stderr).toContain('http://127.0.0.1:9 cannot be asked')
})
