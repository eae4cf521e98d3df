import { spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { becomes } from '../until.ts'
import { compareLedgers, ledgerReader, settled } from './ledger.ts'

/** This process as the server, a folder as its state, and its own id as the sandboxes'. */
function world() {
  const dataDir = mkdtempSync(join(tmpdir(), 'ledger-'))
  const slice = join(dataDir, 'slice')
  mkdirSync(slice)
  mkdirSync(join(dataDir, 'sandboxes', 'live'), { recursive: true })
  writeFileSync(join(dataDir, 'sandboxes', 'slices.json'), JSON.stringify([slice]))
  const uids = { first: process.getuid?.() ?? 0, count: 1 }
  const read = ledgerReader({ serverPid: process.pid, dataDir, uids })
  return { dataDir, slice, read, [Symbol.dispose]: () => rmSync(dataDir, { recursive: true }) }
}

test('what is left of a sandbox on disk is found', async () => {
  using here = world()
  const before = here.read()
  mkdirSync(join(here.dataDir, 'sandboxes', 'live', 'sbleft'))

  expect(
    await settled(
      () => ({ 'state on disk': here.read()['state on disk'] ?? '' }),
      { 'state on disk': before['state on disk'] ?? '' },
      100,
    ),
  ).toEqual(['state on disk are not as before: "" became "sbleft"'])
})

test('a group that is left is found', () => {
  using here = world()
  const before = here.read()['cgroups']
  mkdirSync(join(here.slice, 'sbleft'))

  expect(here.read()['cgroups']).not.toBe(before)
})

test('a descriptor that is left open is found', () => {
  using here = world()
  const before = here.read()['open files of the server']
  const fd = openSync(here.dataDir, 'r')
  const during = here.read()['open files of the server']
  closeSync(fd)

  expect(during).not.toBe(before)
})

test('a process that is left is found, and its end is waited for', async () => {
  using here = world()
  const left = spawn('sleep', ['600'])
  const ofLeft = () => ({ processes: String(here.read()['processes']?.includes(`${left.pid} sleep 600`)) })
  await becomes(() => ofLeft().processes === 'true', 2000)

  expect(await settled(ofLeft, { processes: 'false' }, 100)).toEqual(['processes are not as before: "false" became "true"'])

  left.kill('SIGKILL')
  expect(await settled(ofLeft, { processes: 'false' })).toEqual([])
})

test('every entry that differs is told', () => {
  expect(compareLedgers({ mounts: '3', tmpfs: '1' }, { mounts: '4', tmpfs: '1' })).toEqual([
    'mounts are not as before: "3" became "4"',
  ])
})
