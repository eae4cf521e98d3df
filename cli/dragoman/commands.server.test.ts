import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, expect, test } from 'vitest'

const DRAGOMAN = resolve(import.meta.dirname, '../dragoman.mjs')
const dir = mkdtempSync(join(tmpdir(), 'dragoman-'))
afterAll(() => rmSync(dir, { recursive: true }))

writeFileSync(
  join(dir, 'broken.yaml'),
  `id: broken
name: Broken
main: main.sh
template: "printf 'near\\\\033[2Jly\\\\n'; exit 3"
run: sh main.sh
repl: cat
ensure: echo gone >&2; exit 4
prompt: 'never $'
timeoutFactor: 0.15
skip: [scope]
skipReasons: {scope: It has none}
`,
)
writeFileSync(join(dir, 'absent.yaml'), 'id: absent\nname: Absent\nmain: main\ntemplate: hello\nrun: no-such-command main\n')

type Done = { status: number | null; out: string; err: string }

/** Runs the command; `during` sees what it says as it says it, and can send it a signal. */
function dragoman(
  args: readonly string[],
  during: (said: string, signal: (name: NodeJS.Signals) => void) => void = () => {},
): Promise<Done> {
  return new Promise((done) => {
    const child = spawn(DRAGOMAN, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
      during(err, (name) => child.kill(name))
    })
    child.on('close', (status) => done({ status, out, err }))
  })
}

/** The server that was started answers no longer. */
const isGone = async (err: string) => {
  const url = /^Testing at (\S+)$/m.exec(err)?.[1]
  expect(url).toBeDefined()
  return fetch(`${url}/healthz`).then(
    () => false,
    () => true,
  )
}

test('a language that keeps its word passes every check, on a server that is gone afterwards', async () => {
  const { status, out, err } = await dragoman(['test', 'bash', '--json'])

  expect(err).toContain('ok   bash scope')
  expect(JSON.parse(out)).toEqual({
    ok: true,
    results: ['ensure', 'run', 'repl', 'runrepl', 'scope', 'format', 'lsp'].map((check) => ({
      lang: 'bash',
      check,
      ok: true,
      ms: expect.any(Number),
    })),
    skipped: [],
    problems: [],
  })
  expect(status).toBe(0)
  expect(await isGone(err)).toBe(true)
})

test('a language that does not says why, with what it printed made harmless', async () => {
  const { status, out } = await dragoman(['test', 'broken', 'absent', '--configs', dir])

  expect(status).toBe(1)
  expect(out).toMatch(/^broken +ensure +FAILED +\d+ +it ended with status 4$/m)
  expect(out).toMatch(/^broken +run +FAILED +\d+ +the program ended \(status 3\) before it printed "Hello, world!"$/m)
  expect(out).toMatch(/^broken +repl +FAILED +\d{4} +time was up before its prompt came$/m)
  expect(out).toMatch(/^broken +runrepl +FAILED +\d+ +the program ended \(status 3\) before its prompt came$/m)
  expect(out).toMatch(/^absent +run +FAILED +0 +This language is not installed on this machine /m)
  expect(out).toContain('skipped: broken scope: It has none')
  expect(out).toContain('--- broken run printed:\nnearly\n')
  expect(out).toContain('0 passed, 5 failed, 1 skipped')
  expect(out).not.toContain('\u001b')
})

test('two tests at once do not disturb each other', async () => {
  const both = await Promise.all([dragoman(['test', 'lua', '--check', 'run']), dragoman(['test', 'lua', '--check', 'run'])])

  expect(both.map(({ status }) => status)).toEqual([0, 0])
})

test('a signal ends the test, its sessions and its server', async () => {
  let sent = false
  const { status, err } = await dragoman(['test'], (said, signal) => {
    if (sent || !/^ok /m.test(said)) return
    sent = true
    signal('SIGTERM')
  })

  expect(status).toBe(143)
  expect(await isGone(err)).toBe(true)
})
