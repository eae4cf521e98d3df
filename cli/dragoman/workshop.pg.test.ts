import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { pgBuildLogs } from '#lib/adapters/pg/build-logs.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { workshopDatabase } from '#lib/adapters/pg/world.contract.ts'
import { memoryLog } from '#lib/adapters/memory/log.ts'
import { fileObjectStore } from '#lib/adapters/files/object-store.ts'
import { finaliseLogs } from '#lib/application/builds/finalise-logs.ts'
import { buildThrough, newInputs, newRequest } from '#lib/application/testing/builds.ts'

const DRAGOMAN = resolve(import.meta.dirname, '../dragoman.mjs')
const data = mkdtempSync(join(tmpdir(), 'dragoman-cli-'))

let world: Awaited<ReturnType<typeof workshopDatabase>>
const children = new Set<ChildProcess>()
beforeAll(async () => {
  world = await workshopDatabase()
})
// A test that failed halfway leaves a follower that would wait for ever.
afterEach(() => children.forEach((child) => child.kill()))
afterAll(async () => {
  await world.end()
  rmSync(data, { recursive: true, force: true })
})

/** Runs the command as a person does, on these records. */
function start(args: readonly string[], env: Readonly<Record<string, string>> = { DATABASE_URL: world.url }) {
  const child = spawn(DRAGOMAN, args, {
    env: { ...process.env, DRAGOMAN_DATA_DIR: data, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  child.once('close', () => children.delete(child))
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const done = new Promise<{ status: number | null; out: string; err: string }>((settle) =>
    child.on('close', (status) => settle({ status, out, err })),
  )
  return { child, done, said: () => out }
}
const dragoman = (...args: readonly string[]) => start(args).done

const queue = () => pgBuildQueue(world.database)
/** A command is there in a second, or in ten when the machine is busy. */
const PATIENCE = { timeout: 30_000 }
const failedLines = 'one\n\u001b[2Jtwo\n'

test('a language is promoted, refused, forced and rolled back, and the status follows', async () => {
  const { lang } = newInputs()
  await buildThrough(queue(), newInputs({ lang }), { run: 'ok', format: 'ok' })
  expect(await dragoman('promote', lang)).toMatchObject({
    status: 0,
    out: expect.stringMatching(/: now \w{12} \(deployment 1\)\n$/),
  })

  const worse = await buildThrough(queue(), newInputs({ lang }), { run: 'ok', format: 'failed' })
  expect(await dragoman('promote', lang, '--build', worse)).toEqual({
    status: 1,
    out: '',
    err: `dragoman: ${lang}: format was ok and is failed; --force format lets it through\n`,
  })
  const forced = await dragoman('promote', lang, '--build', worse, '--force', 'format', '--json')
  expect(JSON.parse(forced.out)).toMatchObject({ ok: true, number: 2, forced: ['format'] })
  const status = await dragoman('status', lang)
  expect(status.out).toMatch(new RegExp(`^${lang} +2 +\\w{12} +1\\.0\\.0 +\\d{4}-\\d\\d-\\d\\d +\\w{12} +${worse} failed$`, 'm'))
  expect(await dragoman('rollback', lang)).toMatchObject({ status: 0, out: expect.stringContaining('(deployment 3)') })
  expect(await dragoman('rollback', lang)).toMatchObject({ status: 1, err: expect.stringContaining('nothing to go back to') })
  expect(await dragoman('promote', 'unheard')).toMatchObject({
    status: 1,
    err: expect.stringContaining('nothing of it was tested'),
  })
})

test('each question is answered, for people and for programs', async () => {
  const { lang, config } = newInputs()
  await buildThrough(queue(), newInputs({ lang, config }))
  const stale = await dragoman('query', 'stale', '--days', '30')
  expect(stale).toMatchObject({ status: 0, out: expect.stringMatching(new RegExp(`^${lang} +never`, 'm')) })
  expect(JSON.parse((await dragoman('query', 'config', lang, '--json')).out)).toMatchObject({ lang, config, isLive: false })
  expect((await dragoman('query', 'config', lang)).out).toContain(`id: ${lang}\n`)
  expect(JSON.parse((await dragoman('query', 'tested-together', lang, '--json')).out)).toMatchObject([
    { config, checks: ['run'] },
  ])
  expect(await dragoman('query', 'old-base')).toMatchObject({ status: 0, err: 'None\n' })
  expect(await dragoman('query', 'config', 'unheard')).toMatchObject({ status: 1, err: 'None\n' })
})

test('a log is followed to its end, read again from the object store, and its control bytes are spelled out', async () => {
  const asked = newRequest()
  await queue().request(asked)
  const leased = (await queue().lease(asked.id, 1))!
  const logs = pgBuildLogs(world.database)
  const following = start(['logs', asked.id, '--follow'])
  await logs.append(leased, 0, Buffer.from(failedLines))
  await expect.poll(following.said, PATIENCE).toContain('one\n')
  await queue().finish(leased, { outcome: 'failed', reason: 'it broke' })
  const ended = {
    status: 1,
    out: 'one\n\\x1b[2Jtwo\n',
    err: '--- package, attempt 1\n--- package, attempt 1 failed: it broke\nThe build failed: it broke\n',
  }
  expect(await following.done).toEqual(ended)

  while ((await finaliseLogs({ logs, objects: fileObjectStore(join(data, 'objects')), log: memoryLog() })) > 0);
  expect(await dragoman('logs', asked.id)).toEqual(ended)
  const events = (await dragoman('logs', asked.id, '--from', 'package.1.4', '--json')).out.trim().split('\n')
  expect(events.map((line): object => JSON.parse(line) as object)).toMatchObject([
    { kind: 'text', text: '\u001b[2Jtwo\n', cursor: 'package.1.12' },
    { kind: 'attempt_ended', outcome: 'failed', cursor: 'package.1.end' },
    { kind: 'end', outcome: 'failed' },
  ])

  const again = await dragoman('retry', asked.id)
  expect(again).toMatchObject({ status: 0, out: expect.stringMatching(/^b\w{16}: new\n$/) })
  const build = again.out.slice(0, 17)
  expect((await dragoman('retry', asked.id)).out).toBe(`${build}: attached\n`)
  expect(await dragoman('cancel', build)).toMatchObject({ status: 0 })
  expect(await dragoman('cancel', build)).toMatchObject({ status: 1, err: `dragoman: ${build} is not at work\n` })
  expect((await dragoman('builds', asked.inputs.lang)).out).toMatch(
    new RegExp(`^${build} .* was cancelled: Cancelled by cli:`, 'm'),
  )
})

test('a follower that is told to stop leaves at once, and what is no build is said', async () => {
  const asked = newRequest()
  await queue().request(asked)
  const following = start(['logs', asked.id, '--follow', '--json'])
  const leased = (await queue().lease(asked.id, 1))!
  await pgBuildLogs(world.database).append(leased, 0, Buffer.from('waits\n'))
  await expect.poll(following.said, PATIENCE).toContain('waits')
  following.child.kill('SIGTERM')
  expect((await following.done).status).toBe(143)
  await queue().cancel(asked.id, 'ada')
  await queue().finish(leased, { outcome: 'cancelled', reason: 'told to' })
  expect(await dragoman('logs', 'b0000000000000000')).toMatchObject({
    status: 1,
    err: 'dragoman: there is no build b0000000000000000\n',
  })
  expect(await dragoman('logs', '../etc')).toMatchObject({ status: 2 })
})

test('without a server the database of the data folder is started for as long as the command takes', async () => {
  const empty = { DATABASE_URL: '', DRAGOMAN_DATA_DIR: join(data, 'own') }
  expect(await start(['status', '--json'], empty).done).toEqual({ status: 0, out: '[]\n', err: '' })
  expect(await start(['query', 'stale'], empty).done).toEqual({ status: 0, out: '', err: 'None\n' })
})
