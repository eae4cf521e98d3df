import { createCipheriv, createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'

import { type Digest, digestOfHex } from '#lib/domain/digest.ts'
import { type ObjectKey, objectKey } from '#lib/domain/object-key.ts'
import type { ByteRange, ObjectBytes, ObjectStore } from './object-store.ts'

const MIB = 1024 * 1024
/** The largest object that a store in these tests takes. */
export const CONTRACT_BYTES_MAX = 40 * MIB

export const key = (text: string): ObjectKey => {
  const made = objectKey(text)
  if (!made.ok) throw new Error(`"${text}" is no key`)
  return made.value
}
const digestOf = (bytes: Uint8Array): Digest => digestOfHex(createHash('sha256').update(bytes).digest('hex'))
const words = (text: string) => Buffer.from(text)

async function* inPieces(bytes: Buffer, pieceBytes = 300_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}
async function* torn(bytes: Buffer): AsyncGenerator<Buffer> {
  yield* inPieces(bytes)
  throw new Error('the source broke')
}
/** Bytes that no compression and no repeated block explains; the same ones each time. */
export const noise = (size: number) =>
  createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(size))

async function bytesOf(found: ObjectBytes | undefined): Promise<Buffer> {
  if (!found) throw new Error('there is no such object')
  return await buffer(found.bytes)
}

/** What every maker of {@link ObjectStore} keeps. `fresh` gives an empty one that takes {@link CONTRACT_BYTES_MAX}. */
export function objectStoreContract(fresh: () => Promise<ObjectStore>): void {
  const read = async (store: ObjectStore, at: ObjectKey, range?: ByteRange) => {
    const found = await store.get(at, range)
    return found && String(await buffer(found.bytes))
  }
  const listed = async (store: ObjectStore, folder?: ObjectKey) => {
    const keys: string[] = []
    for await (const { key, size } of store.list(folder)) keys.push(`${key} ${size}`)
    return keys.sort()
  }

  test('what was put is got, with its size and digest', async () => {
    const store = await fresh()
    const bytes = words('one, two')
    const facts = { key: key('logs/1.log'), size: 8, digest: digestOf(bytes) }

    expect(await store.put(facts.key, inPieces(bytes, 3))).toEqual({ ok: true, value: facts })
    expect(await store.head(facts.key)).toEqual(facts)
    expect(await store.get(facts.key)).toMatchObject({ facts })
    expect(await read(store, facts.key)).toBe('one, two')
  })

  test('an empty object is an object', async () => {
    const store = await fresh()
    await store.put(key('empty'), inPieces(Buffer.alloc(0)))

    expect(await store.head(key('empty'))).toMatchObject({ size: 0, digest: digestOf(Buffer.alloc(0)) })
    expect(await read(store, key('empty'))).toBe('')
    expect(await read(store, key('empty'), { from: 0 })).toBe('')
  })

  test('what is not there is undefined, and may be deleted', async () => {
    const store = await fresh()

    expect(await store.get(key('nothing'))).toBeUndefined()
    expect(await store.get(key('nothing'), { from: 3 })).toBeUndefined()
    expect(await store.head(key('no/thing'))).toBeUndefined()
    await store.delete(key('nothing'))
    expect(await listed(store)).toEqual([])
  })

  test('a range gives its bytes; behind the end there are none', async () => {
    const store = await fresh()
    await store.put(key('alphabet'), inPieces(words('abcdefgh')))

    expect(await read(store, key('alphabet'), { from: 2, to: 5 })).toBe('cde')
    expect(await read(store, key('alphabet'), { from: 5 })).toBe('fgh')
    expect(await read(store, key('alphabet'), { from: 6, to: 100 })).toBe('gh')
    expect(await read(store, key('alphabet'), { from: 3, to: 3 })).toBe('')
    expect(await read(store, key('alphabet'), { from: 8 })).toBe('')
    expect(await store.get(key('alphabet'), { from: 2, to: 5 })).toMatchObject({ facts: { size: 8 } })
  })

  test('many pieces become one object, byte for byte', async () => {
    const store = await fresh()
    const bytes = noise(CONTRACT_BYTES_MAX - 7)
    expect(await store.put(key('big'), inPieces(bytes))).toMatchObject({ ok: true, value: { size: bytes.length } })

    expect(await store.head(key('big'))).toMatchObject({ size: bytes.length, digest: digestOf(bytes) })
    expect(digestOf(await bytesOf(await store.get(key('big'))))).toBe(digestOf(bytes))
    const middle = await store.get(key('big'), { from: 17 * MIB, to: 17 * MIB + 100 })
    expect(await bytesOf(middle)).toEqual(bytes.subarray(17 * MIB, 17 * MIB + 100))
  })

  test('a second put replaces the object; who is reading the first one reads it to its end', async () => {
    const store = await fresh()
    const first = noise(3 * MIB)
    await store.put(key('a'), inPieces(first))
    const reading = await store.get(key('a'))
    await store.put(key('a'), inPieces(words('second')))

    expect(await read(store, key('a'))).toBe('second')
    expect(digestOf(await bytesOf(reading))).toBe(digestOf(first))
  })

  test.each([10, 20 * MIB])('a put whose source breaks after %d bytes leaves what was there', async (size) => {
    const store = await fresh()
    await store.put(key('old'), inPieces(words('old')))

    await expect(store.put(key('old'), torn(noise(size)))).rejects.toThrow('the source broke')
    await expect(store.put(key('new'), torn(noise(size)))).rejects.toThrow('the source broke')

    expect(await read(store, key('old'))).toBe('old')
    expect(await listed(store)).toEqual(['old 3'])
  })

  test('too many bytes are refused, by the cap of the call or of the store', async () => {
    const store = await fresh()

    expect(await store.put(key('a'), inPieces(words('12345')), { bytesMax: 5 })).toMatchObject({ ok: true })
    expect(await store.put(key('b'), inPieces(words('123456')), { bytesMax: 5 })).toEqual({
      ok: false,
      error: { code: 'too_large', bytesMax: 5 },
    })
    const endless = (async function* () {
      for (;;) yield Buffer.alloc(MIB)
    })()
    expect(await store.put(key('b'), endless, { bytesMax: 2 * CONTRACT_BYTES_MAX })).toEqual({
      ok: false,
      error: { code: 'too_large', bytesMax: CONTRACT_BYTES_MAX },
    })
    expect(await listed(store)).toEqual(['a 5'])
  })

  test('bytes that are not what was expected are refused', async () => {
    const store = await fresh()
    const [expected, actual] = [digestOf(words('these')), digestOf(words('those'))]

    expect(await store.put(key('a'), inPieces(words('those')), { expected })).toEqual({
      ok: false,
      error: { code: 'wrong_digest', expected, actual },
    })
    expect(await listed(store)).toEqual([])
    expect(await store.put(key('a'), inPieces(words('these')), { expected })).toMatchObject({ ok: true })
  })

  test('a put that is given up stores nothing', async () => {
    const store = await fresh()
    const giveUp = new AbortController()
    const source = (async function* () {
      yield words('some')
      giveUp.abort(new Error('given up'))
      yield words('more')
    })()

    await expect(store.put(key('a'), source, { signal: giveUp.signal })).rejects.toThrow('given up')
    expect(await listed(store)).toEqual([])
  })

  test('a list names what is below a folder, not its namesakes', async () => {
    const store = await fresh()
    for (const name of ['logs/1', 'logs/2/a', 'logs', 'logs-old/3', 'agents.json']) {
      await store.put(key(name), inPieces(words(name)))
    }

    expect(await listed(store, key('logs'))).toEqual(['logs/1 6', 'logs/2/a 8'])
    expect(await listed(store)).toEqual(['agents.json 11', 'logs 4', 'logs-old/3 10', 'logs/1 6', 'logs/2/a 8'])
    expect(await listed(store, key('nothing'))).toEqual([])
  })

  test('a deleted object is gone, and its name free', async () => {
    const store = await fresh()
    await store.put(key('a/b'), inPieces(words('first')))
    await store.delete(key('a/b'))
    await store.delete(key('a/b'))

    expect(await store.head(key('a/b'))).toBeUndefined()
    expect(await listed(store)).toEqual([])
    await store.put(key('a/b'), inPieces(words('second')))
    expect(await read(store, key('a/b'))).toBe('second')
  })

  test('of many puts under one key one wins whole', async () => {
    const store = await fresh()
    const texts = Array.from({ length: 8 }, (_, n) => String(n).repeat(1000 + n))
    await Promise.all(texts.map((text) => store.put(key('race'), inPieces(words(text), 100))))

    expect(texts).toContain(await read(store, key('race')))
    expect(await listed(store)).toHaveLength(1)
  })

  test('a sweep leaves every object', async () => {
    const store = await fresh()
    await store.put(key('a/b'), inPieces(words('kept')))

    await store.sweep(new Date('2100-01-01'))
    expect(await read(store, key('a/b'))).toBe('kept')
  })
}
