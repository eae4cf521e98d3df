import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, expect, test } from 'vitest'

import { fillOf, sealedHeader } from './sealed-header.ts'
import { tarSealedFiles } from './sealed-files.ts'

const never = new AbortController().signal
const top = mkdtempSync(join(tmpdir(), 'sealed-'))
afterAll(() => rmSync(top, { recursive: true }))

const files = tarSealedFiles()
const world = () => {
  const folder = mkdtempSync(join(top, 'world-'))
  return { folder, path: join(folder, 'file') }
}
const of = (text: string) => Readable.from([Buffer.from(text)])
const ENTRIES = { 'a/first': 'words', 'a/none': '', 'a/block': 'x'.repeat(512) }

async function written() {
  const { folder, path } = world()
  const done = await files.write(
    path,
    async (file) => {
      for (const [name, text] of Object.entries(ENTRIES)) await file.add(name, text.length, of(text))
    },
    never,
  )
  return { folder, path, done }
}

/** An archive of these entries with the seal that it should have, however wrong the entries. */
function sealed(...parts: readonly Buffer[]): Buffer {
  const before = Buffer.concat(parts)
  const seal = Buffer.from(`sha256:${createHash('sha256').update(before).digest('hex')}\n`)
  return Buffer.concat([before, sealedHeader('seal', seal.length), seal, fillOf(seal.length), Buffer.alloc(1024)])
}
const entry = (name: string, text: string) =>
  Buffer.concat([sealedHeader(name, text.length), Buffer.from(text), fillOf(text.length)])

test('what was written is read, whole and from an offset, also by other programs', async () => {
  const { folder, path, done } = await written()
  expect(done).toEqual({ ok: true, value: { size: readFileSync(path).length } })
  expect(readdirSync(folder)).toEqual(['file'])
  expect(execFileSync('tar', ['-tf', path], { encoding: 'utf8' })).toBe('a/first\na/none\na/block\nseal\n')

  const opened = await files.open(path, never)
  if (!opened.ok) throw new Error(opened.error.code)
  expect([...opened.value.entries.keys()]).toEqual(Object.keys(ENTRIES))
  for (const [name, text] of Object.entries(ENTRIES)) {
    expect((await buffer(opened.value.read(name))).toString()).toBe(text)
    expect((await buffer(opened.value.read(name, 3))).toString()).toBe(text.slice(3))
  }
  await opened.value.close()
})

test('a file of which any one byte is another, or that ends at any place, is refused', async () => {
  const { path } = await written()
  const right = readFileSync(path)
  const refused = { ok: false, error: { code: 'bad_file' } }
  for (let at = 0; at < right.length; at += 7) {
    const wrong = Buffer.from(right)
    wrong[at] = (wrong[at] ?? 0) ^ 0x10
    writeFileSync(path, wrong)
    expect(await files.open(path, never), `byte ${at}`).toMatchObject(refused)
  }
  for (let length = 0; length < right.length; length += 101) {
    writeFileSync(path, right.subarray(0, length))
    expect(await files.open(path, never), `${length} bytes`).toMatchObject(refused)
  }
})

test.each([
  ['of another kind', Buffer.from('PK\x03\x04 and so on'.repeat(100))],
  ['with an entry twice', sealed(entry('a', 'x'), entry('a', 'y'))],
  ['with more behind its end', Buffer.concat([sealed(entry('a', 'x')), Buffer.alloc(1024)])],
  ['with something between its entries', sealed(sealedHeader('a', 1), Buffer.from('x'.repeat(512)))],
  ['with a link', sealed(entry('a', '').fill('2', 156, 157))],
  ['with nothing in it', Buffer.alloc(10_240)],
])('a file %s is refused', async (_, bytes) => {
  const { path } = world()
  writeFileSync(path, bytes)
  expect(await files.open(path, never)).toMatchObject({ ok: false, error: { code: 'bad_file' } })
})

test('what is no file, or not there, is refused', async () => {
  const { folder, path } = world()
  expect(await files.open(path, never)).toEqual({ ok: false, error: { code: 'not_found' } })
  expect(await files.open(folder, never)).toEqual({ ok: false, error: { code: 'bad_file', why: 'it is no file' } })
})

test('a file that is not finished leaves nothing, and what was there as it was', async () => {
  const { folder, path } = world()
  writeFileSync(path, 'old')
  const stop = new AbortController()
  const endless = async function* () {
    for (;;) {
      yield Buffer.alloc(1000)
      stop.abort(new Error('stopped'))
    }
  }
  const tries = [
    [() => files.write(path, (file) => file.add('a', 100_000, endless()), stop.signal), 'stopped'],
    [() => files.write(path, (file) => file.add('a', 3, of('four')), never), 'more than its 3 bytes'],
    [() => files.write(path, (file) => file.add('a', 5, of('four')), never), 'ends 1 bytes early'],
    [() => files.write(path, async () => Promise.reject(new Error('thrown')), never), 'thrown'],
  ] as const
  for (const [write, words] of tries) await expect(write()).rejects.toThrow(words)
  expect(readdirSync(folder)).toEqual(['file'])
  expect(readFileSync(path, 'utf8')).toBe('old')
})
