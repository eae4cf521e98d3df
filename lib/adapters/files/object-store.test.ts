import { appendFile, mkdtemp, readdir, readlink, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, describe, expect, test } from 'vitest'

import { CONTRACT_BYTES_MAX, key, objectStoreContract } from '#lib/application/ports/object-store.contract.ts'
import { fileObjectStore } from './object-store.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})
async function freshFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'objects-'))
  folders.push(folder)
  return folder
}
async function* text(words: string) {
  yield Buffer.from(words)
}

describe('objects as files', () => {
  objectStoreContract(async () => fileObjectStore(await freshFolder(), { bytesMax: CONTRACT_BYTES_MAX }))

  test('an object is a link and its bytes; nothing else remains of puts, replaced, torn or refused', async () => {
    const folder = await freshFolder()
    const store = fileObjectStore(folder)
    const broken = (async function* () {
      yield Buffer.from('half')
      throw new Error('broken')
    })()
    await store.put(key('a'), text('first'))
    await store.put(key('a'), text('second'))
    await expect(store.put(key('a'), broken)).rejects.toThrow('broken')
    await store.put(key('a'), text('too long'), { bytesMax: 3 })

    const names = await readdir(folder)
    expect(names.toSorted()).toEqual(['=a', await readlink(join(folder, '=a'))].toSorted())
    await store.delete(key('a'))
    expect(await readdir(folder)).toEqual([])
  })

  test('bytes that rotted on the disk fail the reader', async () => {
    const folder = await freshFolder()
    const store = fileObjectStore(folder)
    await store.put(key('a'), text('sound'))
    await appendFile(join(folder, '=a'), 'rot')
    await expect(buffer((await store.get(key('a')))!.bytes)).rejects.toThrow('Cannot read "a": its bytes are')

    await store.put(key('b'), text('sound'))
    await writeFile(join(folder, '=b'), 'wrong')
    await expect(buffer((await store.get(key('b')))!.bytes)).rejects.toThrow('Cannot read "b": its bytes are')
  })

  test('a sweep removes what a killed process left, when it is old enough', async () => {
    const folder = await freshFolder()
    const store = fileObjectStore(folder)
    await store.put(key('a'), text('kept'))
    const left = [`.new-0123456789abcdef`, `.${'ab'.repeat(32)}-0123456789abcdef`]
    for (const name of left) await writeFile(join(folder, name), 'half')
    await utimes(join(folder, left[0]!), 1000, 1000)

    expect(await store.sweep(new Date(2_000_000))).toBe(1)
    expect(await readdir(folder)).not.toContain(left[0])
    expect(await store.sweep(new Date(Date.now() + 10_000))).toBe(1)
    expect(await readdir(folder)).toHaveLength(2)
  })
})
