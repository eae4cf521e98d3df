import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { buildOne, furnish, machines } from '#lib/application/backups/world.contract.ts'

const MAIN = resolve(import.meta.dirname, 'main.ts')
const top = mkdtempSync(join(tmpdir(), 'backup-cli-'))
let world: Awaited<ReturnType<typeof machines>>
beforeAll(async () => {
  world = await machines(top)
})
afterAll(async () => {
  await world?.end()
  rmSync(top, { recursive: true, force: true })
})

/** As a person runs it on that machine. */
function dragoman({ here, url }: { here: string; url: string }, ...args: readonly string[]) {
  const env = { ...process.env, DATABASE_URL: url, DRAGOMAN_DATA_DIR: here }
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { env, encoding: 'utf8' })
  return { status, out: stdout, err: stderr }
}

test('a person writes all to a file, brings it to another machine, and asks whether all is there', async () => {
  const [here, there] = [await world.machine(), await world.machine()]
  await buildOne(here, await furnish(here))
  const folder = join(top, 'files')
  const file = join(folder, 'backup')
  mkdirSync(folder)

  expect(dragoman(here, 'backup', file)).toEqual({
    status: 0,
    out: expect.stringMatching(/^\S+: 0\.\d MiB, \d+ rows, 5 objects, 2 images\n$/),
    err: '',
  })
  expect(dragoman(there, 'restore', file).out).toMatch(/: restored, \d+ rows, 5 objects, 2 images\n$/)
  expect(dragoman(there, 'verify')).toEqual({ status: 0, out: '5 objects and 2 images are named, 0 of them missing\n', err: '' })
  expect(JSON.parse(dragoman(there, 'agent', 'list', '--json').out)).toMatchObject({ releases: [{ version: '1.0.0' }] })
  const again = dragoman(there, 'restore', file)
  expect(again).toMatchObject({ status: 1, err: expect.stringContaining('there is something already: table language') })

  await there.objects.delete('agents/1.0.0.tar.gz' as Parameters<typeof there.objects.delete>[0])
  const missing = ['object agents/1.0.0.tar.gz']
  const told = dragoman(there, 'verify', '--json')
  expect([told.status, JSON.parse(told.out)]).toMatchObject([1, { ok: false, objects: 5, images: 2, missing }])
  writeFileSync(file, readFileSync(file).subarray(0, 5000))
  const bad = dragoman(there, 'restore', file, '--json')
  expect([bad.status, JSON.parse(bad.out)]).toMatchObject([1, { ok: false, code: 'bad_backup', why: 'it is cut' }])
  expect(readdirSync(folder)).toEqual(['backup'])
})
