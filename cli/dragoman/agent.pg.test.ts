import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { fileObjectStore } from '#lib/adapters/files/object-store.ts'
import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { pgDeployments } from '#lib/adapters/pg/deployments.ts'
import { workshopDatabase } from '#lib/adapters/pg/world.contract.ts'
import { lockData } from '#lib/adapters/postgres/data-lock.ts'
import { systemRandom } from '#lib/adapters/system/time.ts'
import { promote } from '#lib/application/deployments/promote.ts'
import { BASE, buildThrough, digestOf, newInputs, newRequest, testedLike } from '#lib/application/testing/builds.ts'
import type { BuildInputs, TestResult } from '#lib/domain/build.ts'
import type { LangId } from '#lib/domain/ids.ts'
import type { ObjectKey } from '#lib/domain/object-key.ts'
import { AGENT_PROTOCOL } from '#lib/protocol/agent-words.ts'

const DRAGOMAN = resolve(import.meta.dirname, '../dragoman.mjs')
const NEXT = '1.1.0'
const PATIENCE = { timeout: 30_000 }
const data = mkdtempSync(join(tmpdir(), 'dragoman-agent-cli-'))

/** We are the server that builds, as far as the command can see. */
const lock = lockData(join(data, 'server.lock'))

let world: Awaited<ReturnType<typeof workshopDatabase>>
const children = new Set<ChildProcess>()
beforeAll(async () => {
  world = await workshopDatabase()
  const facts = { protocol: 2 }
  await pgArtifacts(world.database).release(NEXT, { kind: 'agent', digest: digestOf(NEXT), size: 2 ** 21, inputs: [], facts })
})
afterEach(() => children.forEach((child) => child.kill()))
afterAll(async () => {
  await world.end()
  lock.release()
  rmSync(data, { recursive: true, force: true })
})

function start(...args: readonly string[]) {
  const env = { ...process.env, DRAGOMAN_DATA_DIR: data, DATABASE_URL: world.url }
  const child = spawn(DRAGOMAN, ['agent', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const done = new Promise<{ status: number | null; out: string; err: string }>((settle) =>
    child.once('close', (status) => {
      children.delete(child)
      settle({ status, out, err })
    }),
  )
  return { child, done }
}
const agent = (...args: readonly string[]) => start(...args).done

const queue = () => pgBuildQueue(world.database)
const PASSED = { run: 'ok', format: 'ok' } as const
type Outcomes = Partial<Record<TestResult['check'], TestResult['outcome']>>

/** A language that is live under the agent 1.0.0, with these checks passed; its config may keep it there. */
async function liveLanguage({ pin = '' } = {}): Promise<LangId> {
  const { lang } = newInputs()
  const configText = pin ? `id: ${lang}\nname: Toy\nmain: x.toy\ntemplate: x\nrun: cat x.toy\nagent: ${pin}\n` : `id: ${lang}\n`
  const inputs = newInputs({ lang, config: digestOf(configText) })
  const first = { ...newRequest({ inputs }), configText }
  await queue().request(first)
  await queue().cancel(first.id, 'ada')
  const build = await buildThrough(queue(), inputs, PASSED)
  const deployments = pgDeployments(world.database)
  const done = await promote({ deployments, random: systemRandom }, { lang, which: { build }, by: 'ada', force: [] })
  if (!done.ok) throw new Error(`Not live: ${done.error.code}`)
  return lang
}

const liveAgent = async (lang: LangId) => (await pgDeployments(world.database).status([lang]))[0]?.live?.combination.agent

/** Does the next test that is asked for, as a builder would; answers what it was of, or undefined when there is none. */
async function testNext(outcomes: Readonly<Record<LangId, Outcomes>> = {}): Promise<BuildInputs | undefined> {
  const leased = await queue().lease('here', 1)
  if (leased) await queue().finish(leased, testedLike(leased, outcomes[leased.inputs.lang] ?? PASSED))
  return leased?.inputs
}

test('languages go to another agent when they pass as before, and stay with the gate’s words when they do not', async () => {
  const [good, worse, pinned] = [await liveLanguage(), await liveLanguage(), await liveLanguage({ pin: '1.0.0' })]
  const using = start('use', NEXT, good, worse, pinned, 'unheard')
  const outcomes = { [worse]: { run: 'ok', format: 'failed' } } as const
  const asked: (BuildInputs | undefined)[] = []
  await expect.poll(async () => asked.push(...[await testNext(outcomes)].filter(Boolean)), PATIENCE).toBe(2)

  const { status, out, err } = await using.done
  expect(asked).toMatchObject([good, worse].map((lang) => ({ lang, from: 'test', agent: NEXT, base: BASE.digest })))
  expect({ status, out }).toEqual({ status: 1, out: `${good}: now under agent ${NEXT}\n` })
  expect(err.trim().split('\n').toSorted()).toEqual(
    [
      `dragoman: ${pinned}: it stays under agent 1.0.0, as its config says`,
      `dragoman: unheard: nothing of it is live; build it first`,
      `dragoman: ${worse}: format was ok and is failed; --force format lets it through`,
    ].toSorted(),
  )
  expect([await liveAgent(good), await liveAgent(worse), await liveAgent(pinned)]).toEqual([NEXT, '1.0.0', '1.0.0'])

  expect(await agent('use', NEXT, good)).toEqual({ status: 0, out: `${good}: already under agent ${NEXT}\n`, err: '' })
  expect((await agent('list')).out).toMatch(new RegExp(`^1\\.1\\.0 +2 +2\\.0 MiB +\\d{4}-\\d\\d-\\d\\d +${good}$`, 'm'))
  const index = await text((await fileObjectStore(join(data, 'objects')).get('agents/agents.json' as ObjectKey))!.bytes)
  expect(JSON.parse(index)).toEqual(JSON.parse((await agent('list', '--json')).out))
  expect(JSON.parse(index)).toMatchObject({ releases: [{ version: NEXT, protocol: 2, languages: [good] }, { version: '1.0.0' }] })
})

test('all that are live are asked, and one that its config keeps elsewhere is no failure', async () => {
  const using = start('use', NEXT, '--all', '--json')
  await expect.poll(() => testNext(), PATIENCE).toBeDefined()
  const { status, out } = await using.done
  const { languages } = JSON.parse(out) as { languages: { how?: string; code?: string }[] }
  expect(languages.map(({ how, code }) => how ?? code).toSorted()).toEqual(['already', 'now', 'pinned'])
  expect(status).toBe(0)
})

test('told to stop, it ends the tests that it asked for, and an agent that is none is said', async () => {
  const lang = await liveLanguage()
  const using = start('use', NEXT, lang)
  const live = () => queue().list({ lang, live: true, max: 1 })
  await expect.poll(async () => (await live()).length, PATIENCE).toBe(1)
  using.child.kill('SIGTERM')
  expect(await using.done).toMatchObject({ status: 143, out: '' })
  expect(await live()).toEqual([])

  expect(await agent('use', '9.9.9', lang)).toEqual({
    status: 1,
    out: '',
    err: 'dragoman: there is no agent "9.9.9"; agent list says which there are\n',
  })
})

test('the agent of the checkout is published, as one release however often', async () => {
  const first = await agent('publish')
  expect(first).toMatchObject({
    status: 0,
    out: expect.stringMatching(/^agent \S+: released, sha256:\w{64}, as image sha256:\w{64}\n$/),
  })
  const again = JSON.parse((await agent('publish', '--json')).out) as { version: string; image: string; facts: object }
  expect(again).toMatchObject({ isNew: false, facts: { protocol: AGENT_PROTOCOL, bun: expect.stringContaining('@oven/bun') } })
  expect(first.out).toContain(`agent ${again.version}: `)
  expect(first.out).toContain(`as image ${again.image}\n`)
})
