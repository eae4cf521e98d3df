import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, expect, test } from 'vitest'

import { RunnerLink } from '#lib/adapters/kubernetes/builds/runner-link.ts'
import type { RunnerOperation } from '#lib/protocol/runner-words.ts'
import { Runner } from './runner.ts'
import { Script } from './script.ts'

const KEY = 'a key'
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** A runner of a folder, whose scripts are this machine's shell without any right to end others. */
async function world({ outputBytesMax = 1_000_000, silenceMs = 60_000 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'runner-'))
  const root = join(folder, 'root')
  mkdirSync(join(root, 'var/lib/dpkg'), { recursive: true })
  writeFileSync(join(root, 'var/lib/dpkg/status'), 'Package: dash\n')
  const places = { given: join(folder, 'given'), files: join(folder, 'files') }
  let [started, abandoned] = [0, 0]
  const runner = new Runner({
    keySha256: createHash('sha256').update(KEY).digest('hex'),
    ...{ root, places, mounted: () => new Set<string>(), abandoned: () => void abandoned++, silenceMs },
    script(env) {
      started++
      const script: Script = new Script(
        { env: { ...env, ROOT: root }, killAll: () => void script?.child.kill('SIGKILL'), memoryKills: () => 0, outputBytesMax },
        ['/bin/sh', '-c', `exec 2>&1; cd "$ROOT"; exec /bin/sh -eu ${places.files}/script`],
      )
      return script
    },
  })
  const server = createServer({ allowHalfOpen: true }, (socket) => void runner.accept(socket))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  await once(runner.ways.server.listen(0, '127.0.0.1'), 'listening')
  ends.push(() => {
    server.close()
    runner.ways.server.close()
    rmSync(folder, { recursive: true })
  })
  const { port } = server.address() as AddressInfo
  const { port: proxyPort } = runner.ways.server.address() as AddressInfo
  const open = (operation: RunnerOperation, key = KEY) => RunnerLink.open('127.0.0.1', key, operation, port)
  return {
    ...{ open, places, proxyPort, started: () => started, abandoned: () => abandoned },
    async give(script: string) {
      using link = await open({ type: 'give', place: 'files', files: [{ name: 'script', size: Buffer.byteLength(script) }] })
      await link.send(piecesOf(script))
      for await (const _ of link.bytes());
    },
    /** All that a script says from an offset on, and how it ends; or as much of it as is wanted. */
    async output(number: number, from = 0, max = Infinity) {
      using link = await open({ type: 'run', number, from, env: {} })
      let text = ''
      for (let word = await link.next(); word; word = await link.next()) {
        if (word.kind === 'said') return { text, said: word.said }
        text += Buffer.from(word.bytes).toString()
        if (text.length >= max) return { text: text.slice(0, max), said: undefined }
      }
      return { text, said: undefined }
    },
  }
}

async function* piecesOf(text: string) {
  yield Buffer.from(text)
}

test('who has not the key is told nothing', async () => {
  const { open } = await world()
  using link = await open({ type: 'begin' }, 'another')
  expect(await link.next().catch(() => undefined)).toBeUndefined()
})

test("what dpkg knows is of the root's beginning, and changes are what came since", async () => {
  const { open, give, output } = await world()
  const begin = async () => {
    using link = await open({ type: 'begin' })
    return (await buffer(link.bytes())).toString()
  }
  expect(await begin()).toBe('Package: dash\n')
  await give('echo new > made; echo other > var/lib/dpkg/status')
  expect((await output(1)).said).toEqual({ type: 'ended', status: 0, outputSpent: false, memoryKills: 0 })
  expect(await begin()).toBe('Package: dash\n')

  using link = await open({ type: 'changes', fallbackMs: 1000 })
  expect(await link.next()).toEqual({ kind: 'said', said: { type: 'newest', ms: 1000 } })
  const archive = await buffer(link.bytes())
  expect(archive.toString('latin1', 0, 4)).toBe('made')
  expect(archive.includes('var/lib/dpkg/status')).toBe(true)
})

test('a connection that breaks is made again, and each byte of the output comes once', async () => {
  const { give, output, started } = await world()
  await give('for n in $(seq 20000); do echo line $n; done; exit 7')
  const expected = Array.from({ length: 20_000 }, (_, n) => `line ${n + 1}\n`).join('')

  let text = ''
  for (const max of [10, 70_000, 1]) text += (await output(1, text.length, max)).text
  const rest = await output(1, text.length)
  expect(text + rest.text === expected).toBe(true)
  expect({ said: rest.said, started: started() }).toMatchObject({ said: { type: 'ended', status: 7 }, started: 1 })
  expect((await output(3)).said).toEqual({ type: 'failed', why: 'script 3 is not the next' })
})

test('a script that says too much is stopped, and one that is no script has a status', async () => {
  const { give, output } = await world({ outputBytesMax: 1000 })
  await give('while :; do echo more; done')
  const spent = await output(1)
  expect({ length: spent.text.length, said: spent.said }).toMatchObject({ length: 1000, said: { outputSpent: true } })
  await give('no-such-command')
  expect((await output(2)).said).toMatchObject({ type: 'ended', status: 127 })
})

test('files replace all that was in their place, and have plain names', async () => {
  const { open, give, places } = await world()
  await give('first')
  using link = await open({ type: 'give', place: 'given', files: [{ name: '../x', size: 1 }] })
  expect(await link.next()).toEqual({ kind: 'said', said: { type: 'failed', why: '"../x" is no plain name' } })
  await give('second')
  expect(readFileSync(join(places.files, 'script'), 'utf8')).toBe('second')
})

test("what a recipe sends to its proxy goes over a way of the server's, and what comes back too", async () => {
  const { open, proxyPort } = await world()
  const program = connect({ port: proxyPort, host: '127.0.0.1' }) // before there is any way
  program.write('GET it')
  using way = await open({ type: 'way' })
  expect(await way.next()).toEqual({ kind: 'said', said: { type: 'taken' } })
  expect(Buffer.from((await way.bytes().next()).value ?? '').toString()).toBe('GET it')
  await way.send(piecesOf('here it is'))
  way.end()
  expect((await buffer(program)).toString()).toBe('here it is')
})

test('a runner that nobody holds ends, and one that is held does not', async () => {
  const { open, abandoned } = await world({ silenceMs: 300 })
  using link = await open({ type: 'hold' })
  const until = performance.now() + 900
  while (performance.now() < until) {
    link.ping()
    await new Promise((done) => setTimeout(done, 20))
  }
  expect(abandoned()).toBe(0)
  link[Symbol.dispose]()
  await expect.poll(abandoned).toBe(1)
})
