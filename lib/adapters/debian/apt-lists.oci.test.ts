import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'

import { aptLists } from './apt-lists.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** An archive in a folder, which has no packages, and whoever fetches what it has. */
function world() {
  const folder = mkdtempSync(join(tmpdir(), 'lists-'))
  folders.push(folder)
  const archive = join(folder, 'archive')
  mkdirSync(archive)
  writeFileSync(join(archive, 'Packages'), '')
  const listsOf = aptLists(join(folder, 'work'))
  let log = ''
  const use = async (anew = false, signal = new AbortController().signal) => {
    const lists = await listsOf(`deb [trusted=yes] file:${archive} ./\n`, { anew, signal, log: (text) => void (log += text) })
    if (!lists.ok) return lists.error.code
    return { ...lists.value, folder: lists.value.settings['Dir::State::lists'] ?? '' }
  }
  const kept = () => readdirSync(join(folder, 'work/lists'))
  return { archive, use, kept, updates: () => log.split('Reading package lists').length - 1 }
}

test('lists are fetched once for all who ask within some minutes, at once or later', async () => {
  const { use, kept, updates } = world()
  const [one, two] = await Promise.all([use(), use()])
  const three = await use()

  expect([one, two, three]).toEqual([
    expect.objectContaining({ isNew: true }),
    expect.objectContaining({ isNew: true }),
    expect.objectContaining({ isNew: false }),
  ])
  expect(kept()).toHaveLength(1)
  expect(updates()).toBe(1)
})

test('new ones take the place of old ones, which stay while somebody uses them', async () => {
  const { use, kept } = world()
  const [old, fresh] = [await use(), await use(true)]
  if (typeof old === 'string' || typeof fresh === 'string') throw new Error('nothing was fetched')
  expect(fresh).toMatchObject({ isNew: true })
  expect(existsSync(old.folder)).toBe(true)

  await old.release()
  expect(existsSync(old.folder)).toBe(false)
  expect(existsSync(fresh.folder)).toBe(true)
  expect(kept()).toHaveLength(1)
})

test('lists that cannot be fetched replace none', async () => {
  const { archive, use, kept } = world()
  await use()
  rmSync(archive, { recursive: true })

  expect(await use(true)).toBe('infra')
  expect(await use()).toMatchObject({ isNew: false })
  expect(kept()).toHaveLength(1)
})

test('who gives up leaves it to the other who waits', async () => {
  const { use, kept } = world()
  const giveUp = new AbortController()
  const first = use(false, giveUp.signal)
  const second = use()
  giveUp.abort(new Error('given up'))

  await expect(first).rejects.toThrow()
  expect(await second).toMatchObject({ isNew: true })
  expect(kept()).toHaveLength(1)
})
