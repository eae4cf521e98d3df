import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { accepts, staticFiles } from './static-files.ts'

const SCRIPT = 'export const words = "words and words and words"\n'.repeat(40)
let folder: string
let url: string
const server = createServer((request, response) => {
  if (!answer(request, response)) response.writeHead(404).end('not one of them')
})
let answer: ReturnType<typeof staticFiles>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dragoman-static-'))
  await writeFile(join(folder, 'a-1.js'), SCRIPT)
  await writeFile(join(folder, 'secret.txt'), 'not for anybody')
  answer = staticFiles({ '/built/': folder })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  await new Promise((done) => server.close(done))
  await rm(folder, { recursive: true })
})

test('a file comes compressed to those who take that, with leave to keep it for ever', async () => {
  const small = await fetch(`${url}/built/a-1.js`, { headers: { 'accept-encoding': 'gzip, br' } })
  const gzip = await fetch(`${url}/built/a-1.js`, { headers: { 'accept-encoding': 'gzip' } })
  const plain = await fetch(`${url}/built/a-1.js`, { headers: { 'accept-encoding': 'identity' } })

  expect([await small.text(), await gzip.text(), await plain.text()]).toEqual([SCRIPT, SCRIPT, SCRIPT])
  expect([small, gzip, plain].map(({ headers }) => headers.get('content-encoding'))).toEqual(['br', 'gzip', null])
  expect(Number(small.headers.get('content-length'))).toBeLessThan(SCRIPT.length / 4)
  expect(small.headers.get('cache-control')).toContain('immutable')
  expect(small.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
})

test('only the head is sent to whoever asks for that', async () => {
  const head = await fetch(`${url}/built/a-1.js`, { method: 'HEAD' })

  expect([head.status, await head.text()]).toEqual([200, ''])
})

test.each(['/built/b.js', '/built/secret.txt', '/built/../built/a-1.js/..', '/built/%61-1.js', '/a-1.js', '/built/'])(
  '%s is none of them',
  async (path) => {
    expect((await fetch(url + path)).status).toBe(404)
  },
)

test.each([
  ['gzip', true],
  ['br, gzip;q=0.5', true],
  ['gzip;q=0', false],
  ['gzip; q=0.000', false],
  ['br', false],
  ['', false],
  ['x-gzip-not', false],
])('accept-encoding %j: %s', (offered, takes) => {
  expect(accepts({ headers: { 'accept-encoding': offered } }, 'gzip')).toBe(takes)
})
