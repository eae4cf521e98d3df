import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { contentOf, layerOf } from './archive.ts'
import { mountedPlaces, placeOf, snapshot } from './snapshot.ts'

const NONE: ReadonlySet<string> = new Set()
const NEWEST = new Date(1_700_000_000_000)
const long = 'x'.repeat(120)
let root: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'runner-'))
  mkdirSync(join(root, 'usr', long), { recursive: true })
  mkdirSync(join(root, 'gone/below'), { recursive: true })
  writeFileSync(join(root, 'usr/kept'), 'kept')
  writeFileSync(join(root, 'usr/lost'), 'lost')
})
afterAll(() => rmSync(root, { recursive: true }))

/** As the machine's own packer calls it; see lib/adapters/tar/pack.ts. */
function gnuTar(folder: string, names: readonly string[]): Buffer {
  const form = ['--create', '--format=posix', '--numeric-owner', `--mtime=@${NEWEST.getTime() / 1000}`, '--clamp-mtime']
  const pax = '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime,delete=mtime'
  const which = ['--null', '--verbatim-files-from', '--no-recursion', `--directory=${folder}`, '--files-from=-']
  return execFileSync('tar', [...form, pax, ...which], {
    input: Buffer.concat(names.map((name) => Buffer.from(`${name}\0`, 'latin1'))),
    env: { ...process.env, LC_ALL: 'C' },
  })
}

test('a layer is what GNU tar makes of the same changes, byte for byte, and what went is a whiteout', () => {
  const before = snapshot(root, NONE)
  rmSync(join(root, 'gone'), { recursive: true })
  rmSync(join(root, 'usr/lost'))
  const fresh: [path: string, bytes: number][] = [
    ['usr/new', 10],
    ['usr/whole', 512],
    ['usr/large', 200_000],
    [`usr/${long}/deep`, 3],
    [`usr/${'y'.repeat(100)}`, 1],
    ['usr/\u00fc\u00e9', 1],
    ['usr/late', 0],
  ]
  for (const [path, bytes] of fresh) writeFileSync(join(root, path), Buffer.alloc(bytes, path))
  for (const [path] of fresh.slice(0, -1)) utimesSync(join(root, path), 1_600_000_000.7, 1_600_000_000.7)
  writeFileSync(placeOf(root, 'usr/no-text-\u00ff'), 'x')
  symlinkSync(`new${long}`, join(root, 'usr/link'))
  linkSync(join(root, `usr/${long}/deep`), join(root, 'usr/zz-hard'))
  execFileSync('mkfifo', [join(root, 'usr/fifo')])

  const after = snapshot(root, NONE)
  const layer = layerOf({ root, before, after }, { begin: new Date(1_650_000_000_000), fallback: NEWEST })
  const bytes = Buffer.concat([...layer.bytes])
  const changed = [...after.keys()].filter((path) => !before.has(path)).sort()
  const whiteouts = mkdtempSync(join(tmpdir(), 'whiteouts-'))
  mkdirSync(join(whiteouts, 'usr'))
  for (const name of ['.wh.gone', 'usr/.wh.lost']) {
    writeFileSync(join(whiteouts, name), '', { mode: 0o644 })
    utimesSync(join(whiteouts, name), NEWEST, NEWEST)
  }
  const [ours, theirs] = [gnuTar(root, changed), gnuTar(whiteouts, ['.wh.gone', 'usr/.wh.lost'])]
  rmSync(whiteouts, { recursive: true })

  expect(layer.newest).toEqual(NEWEST)
  const whole = Buffer.concat([withoutEnd(ours), withoutEnd(theirs)])
  expect(bytes.subarray(0, whole.length).equals(whole)).toBe(true)
  expect({ rest: bytes.subarray(whole.length).every((byte) => byte === 0), records: bytes.length % 10_240 }).toEqual({
    rest: true,
    records: 0,
  })
})

/** Blocks of zeros at the end are left out, with nothing in any of these files ending so. */
function withoutEnd(archive: Buffer): Buffer {
  let end = archive.length
  while (archive.subarray(end - 512, end).every((byte) => byte === 0)) end -= 512
  return archive.subarray(0, end)
}

test("the content of a folder is root's and readable, and no folder is no archive", () => {
  const folder = mkdtempSync(join(tmpdir(), 'content-'))
  mkdirSync(join(folder, 'pkg/usr'), { recursive: true, mode: 0o755 })
  writeFileSync(join(folder, 'pkg/usr/secret'), 'x', { mode: 0o000 })
  const listed = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '--file=-'], {
    input: Buffer.concat([...(contentOf(folder, '/pkg') ?? [])]),
    encoding: 'utf8',
  })
  expect(
    listed
      .trim()
      .split('\n')
      .map((line) => line.replaceAll(/ +\d+ \d{4}-\d\d-\d\d \d\d:\d\d/g, '')),
  ).toEqual(['drwxr-xr-x 0/0 usr/', '-rw------- 0/0 usr/secret'])
  expect([contentOf(folder, '/other'), contentOf(folder, '/pkg/usr/secret')]).toEqual([undefined, undefined])
  rmSync(folder, { recursive: true })
})

test('what is mounted in a tree is no part of it', () => {
  const mounts = mountedPlaces(
    '1 0 0:1 / / rw - overlay o rw\n2 1 0:2 / /usr/kept rw - tmpfs t rw\n3 1 0:3 /a\\040b /with\\040blank rw - ext4 d rw\n',
  )
  expect([...mounts]).toEqual(['usr/kept', 'with blank'])
  expect(snapshot(root, mounts).has('usr/kept')).toBe(false)
})
