import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { changedConfigs } from './changed-configs.ts'

test('a config that changes is told once its editor is done with it, and the end is the signal’s', async () => {
  const top = mkdtempSync(join(tmpdir(), 'dragoman-changes-'))
  const folders = ['one', 'two'].map((name) => join(top, name))
  for (const folder of folders) mkdirSync(folder)
  const stop = new AbortController()
  const told: string[] = []
  const telling = (async () => {
    for await (const id of changedConfigs(folders, stop.signal)) told.push(id)
  })()
  const write = (path: string) => writeFileSync(join(top, path), 'id: x\n')
  // Whether the watch has begun is seen by its first word.
  await expect.poll(() => (write('one/first.yaml'), told)).toContain('first')
  told.length = 0
  for (let n = 0; n < 5; n++) write('two/lua.yaml')
  for (const other of ['two/.lua.yaml.swp', 'two/notes.txt', 'one/c++.yaml']) write(other)
  await expect.poll(() => told.filter((id) => id !== 'first').toSorted()).toEqual(['c++', 'lua'])
  stop.abort()
  await telling
  rmSync(top, { recursive: true })
})
