import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, expect, test } from 'vitest'

const DRAGOMAN = resolve(import.meta.dirname, '../dragoman.mjs')
const dir = mkdtempSync(join(tmpdir(), 'dragoman-'))
afterAll(() => rmSync(dir, { recursive: true }))

writeFileSync(join(dir, 'toy.yaml'), 'id: toy\nname: Toy\nmain: main.toy\ntemplate: hello\nrun: no-such-toy main.toy\n')
writeFileSync(join(dir, 'bad.yaml'), 'id: bad\nname: 5\nmain: main.bad\ntemplate: hello\nrun: bad\n"\\e[31mred": 1\n')
writeFileSync(join(dir, 'snake.yaml'), 'id: snake\naliases: [py]\nname: Snake\nmain: main.py\ntemplate: hello\nrun: snake\n')

/** Runs the command as a person does; `closed` is a reader that is gone before the first line. */
function dragoman(
  args: readonly string[],
  { closed = false } = {},
): Promise<{ status: number | null; out: string; err: string }> {
  return new Promise((done) => {
    const child = spawn(DRAGOMAN, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    if (closed) child.stdout.destroy()
    child.on('close', (status) => done({ status, out, err }))
  })
}

test('help and version go to stdout', async () => {
  expect(await dragoman(['--help'])).toMatchObject({
    status: 0,
    out: expect.stringContaining('dragoman test [LANGUAGE…]'),
    err: '',
  })
  expect(await dragoman(['--version'])).toMatchObject({ status: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' })
})

test('what is not understood is said in stderr, with the usage', async () => {
  expect(await dragoman(['frob\u001b[31m'])).toMatchObject({
    status: 2,
    out: '',
    err: expect.stringMatching(/^dragoman: there is no command "frob\\u001b\[31m"\n\n/),
  })
})

test('a language nobody has is told with those that are near', async () => {
  expect(await dragoman(['test', 'pyton'])).toEqual({
    status: 2,
    out: '',
    err: 'dragoman: there is no language "pyton"; did you mean python?\n',
  })
})

test('langs lists what is here and what is missing', async () => {
  const { status, out, err } = await dragoman(['langs', '--configs', '.'])

  expect(status).toBe(1) // one of the configs is refused
  expect(out).toMatch(/^id +name +here +also called\n/)
  expect(out).toMatch(/^toy +Toy +lacks no-such-toy$/m)
  expect(out).toMatch(/^c\+\+ +C\+\+ /m)
  expect(err).toContain('bad.yaml:2:7: error: name: must be text, not the number 5')
})

test('langs --json is one document', async () => {
  const { status, out } = await dragoman(['langs', '--json'])

  expect(status).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    languages: expect.arrayContaining([expect.objectContaining({ id: 'python', name: 'Python' })]),
    problems: [],
  })
})

test('lint says file, line and column, with strangers’ control bytes spelled out', async () => {
  const { status, out, err } = await dragoman(['lint', '.'])

  expect(status).toBe(1)
  expect(out.split('\n')).toEqual([
    expect.stringMatching(/^bad\.yaml:2:7: error: name: /),
    'bad.yaml:6:1: error: \\x1b[31mred: is not a field of a language',
    expect.stringMatching(/^\/.*\/langs\/python\.yaml:2:11: warning: aliases\.0: "py" is already a name of snake \(/),
    '',
  ])
  expect(err).toBe('2 errors, 1 warning\n')
})

test('lint of one good file, and of the languages that come along, finds nothing', async () => {
  expect(await dragoman(['lint', 'toy.yaml'])).toEqual({ status: 0, out: '', err: '0 errors, 0 warnings\n' })
  expect(await dragoman(['lint'])).toEqual({ status: 0, out: '', err: '0 errors, 0 warnings\n' })
})

test('lint of a file that is not there fails', async () => {
  expect(await dragoman(['lint', 'absent.yaml'])).toMatchObject({
    status: 1,
    out: 'absent.yaml:1:1: error: the file cannot be read: ENOENT\n',
  })
})

test('a reader that has gone away is no error', async () => {
  expect(await dragoman(['langs'], { closed: true })).toEqual({ status: 0, out: '', err: '' })
})

test('a server that does not answer is one line and status 1', async () => {
  // Port 1 is nobody's here: the connection is refused.
  expect(await dragoman(['test', 'python', '--server', 'http://127.0.0.1:1'])).toEqual({
    status: 1,
    out: '',
    err: expect.stringMatching(/^dragoman: Cannot reach http:\/\/127\.0\.0\.1:1: [^\n]+\n$/),
  })
})
