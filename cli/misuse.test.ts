import { spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, afterEach, expect, test } from 'vitest'

const TOP = resolve(import.meta.dirname, '..')
const dir = mkdtempSync(join(tmpdir(), 'misuse-'))
const servers: Server[] = []
afterAll(() => rmSync(dir, { recursive: true }))
afterEach(() => servers.splice(0).forEach((server) => server.close()))

type Done = { status: number | null; out: string; err: string }

function run(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Done> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(TOP, file), ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.on('close', (status) => done({ status, out, err }))
  })
}

test.each([
  ['cli/dragoman/main.ts', [], /^dragoman: a command is missing\n\n/],
  ['cli/dragoman/main.ts', ['test', '--frob'], /^dragoman: Unknown option '--frob'\n\n/],
  ['cli/dragoman/main.ts', ['langs', 'python'], /^dragoman: langs takes no names\n\n/],
  ['cli/main.ts', [], /^Usage: npm start \| npm test \| npm run check \|/],
  ['cli/main.ts', ['frob'], /^Usage: npm start \|/],
  ['cli/main.ts', ['__proto__'], /^Usage: npm start \|/],
  ['cli/main.ts', ['start', '--frob'], /^--frob is no option; --help lists them\n$/],
  ['cli/main.ts', ['start', '--port=abc'], /^PORT must be a whole number from 0 to 65535, not "abc"\n$/],
  ['cli/bench/main.ts', ['nonesuch'], /^Usage: npm run --silent bench -- session\|/],
  ['cli/bench/main.ts', ['session', '--frob'], /^Usage: npm run --silent bench -- session\|/],
  ['e2e/hostile/main.ts', ['999'], /^There is no row 999\nUsage: npm run hostile /],
  ['e2e/hostile/main.ts', ['--frob'], /^There is no --frob\nUsage: npm run hostile /],
])('%s %j is misuse: status 2, the usage in stderr and nothing in stdout', async (file, args, words) => {
  const done = await run(file, args)

  expect(done).toEqual({ status: 2, out: '', err: expect.stringMatching(words) })
})

test('options in the environment that are none are all told at once, before anything is begun', async () => {
  const env = { PORT: '99999', DRAGOMAN_SESSIONS_MAX: 'x', DRAGOMAN_DATA_DIR: join(dir, 'data') }
  const { status, out, err } = await run('server.ts', [], env)

  expect([status, out]).toEqual([2, ''])
  expect(err.split('\n').filter(Boolean)).toEqual([
    'PORT: must be a whole number from 0 to 65535, not "99999"',
    'DRAGOMAN_SESSIONS_MAX: must be a whole number from 1 to 10000, not "x"',
  ])
})

test('what is read by programs is one document, also when it failed', async () => {
  const file = join(dir, 'bad.yaml')
  writeFileSync(file, 'id: bad\nname: 5\nmain: main.bad\ntemplate: hello\nrun: bad\n')
  const { status, out } = await run('cli/dragoman/main.ts', ['lint', file, '--json'])

  expect(status).toBe(1)
  expect(JSON.parse(out)).toMatchObject({ ok: false, problems: [{ severity: 'error', line: 2, column: 7, field: 'name' }] })
})

test.each([
  ['says no to everything', (_: unknown, response: import('node:http').ServerResponse) => void response.writeHead(404).end()],
  ['speaks of something else', (_: unknown, response: import('node:http').ServerResponse) => void response.end('<h1>hi</h1>')],
])('a server that is no Dragoman and %s is one line and status 1', async (_, answer) => {
  const server = createServer(answer)
  server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\n\r\n'))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  servers.push(server)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  expect(await run('cli/dragoman/main.ts', ['test', 'python', '--server', url])).toEqual({
    status: 1,
    out: '',
    err: expect.stringMatching(/^dragoman: Cannot reach http:\/\/127\.0\.0\.1:\d+: [^\n]+\n$/),
  })
})

test('nothing is coloured or drawn where nobody sits at a terminal', async () => {
  const { out, err } = await run('cli/dragoman/main.ts', ['langs'], { FORCE_COLOR: '1' })

  expect(out + err).not.toContain('\u001b')
})
