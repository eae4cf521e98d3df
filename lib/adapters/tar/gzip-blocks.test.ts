import { createHash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'

import { gzipBlocks } from './gzip-blocks.ts'

const BLOCK = 512 * 1024
/** Words that come again, as in a program's files. */
const text = (size: number) => {
  const words = Array.from({ length: 2000 }, (_, n) => createHash('sha256').update(String(n)).digest('hex').slice(0, 12))
  const all = Array.from({ length: Math.ceil(size / 13) }, (_, n) => words[(n * n + n) % words.length])
  return Buffer.from(all.join(' ')).subarray(0, size)
}

async function packed(bytes: Buffer, chunkBytes = 10_240): Promise<Buffer> {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
  }
  const all: Buffer[] = []
  for await (const chunk of gzipBlocks(chunks())) all.push(chunk)
  return Buffer.concat(all)
}

test.each([0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 7 * BLOCK + 5])('%i bytes come back as they were', async (size) => {
  const bytes = text(size)
  expect(gunzipSync(await packed(bytes)).equals(bytes)).toBe(true)
})

test('the same bytes are packed to the same, however they come', async () => {
  const bytes = text(3 * BLOCK)
  const [one, ...others] = await Promise.all([packed(bytes), packed(bytes, 7001), packed(bytes, 3 * BLOCK)])
  expect(others.map((other) => one?.equals(other))).toEqual([true, true])
})

test('blocks are packed as small as the whole would be, since each looks back into the one before', async () => {
  const bytes = text(6 * BLOCK)
  expect((await packed(bytes)).length).toBeLessThan(gzipSync(bytes, { level: 4 }).length * 1.01)
})

test('a failure of the source is the packer’s', async () => {
  async function* broken() {
    yield text(2 * BLOCK)
    throw new Error('tar ended with 2')
  }
  const all = async () => {
    for await (const _ of gzipBlocks(broken()));
  }
  await expect(all()).rejects.toThrow('tar ended with 2')
})
