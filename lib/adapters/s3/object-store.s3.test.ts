import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { CONTRACT_BYTES_MAX, key, noise, objectStoreContract } from '#lib/application/ports/object-store.contract.ts'
import { s3ObjectStore } from './object-store.ts'
import { startSwift, type Swift } from './testing/swift.ts'

let swift: Swift
let client: S3Client
let spoolDir: string
let made = 0
beforeAll(async () => {
  swift = await startSwift()
  client = new S3Client({ ...swift, region: 'us-east-1', forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' })
  spoolDir = await mkdtemp(join(tmpdir(), 's3-spool-'))
})
afterAll(async () => {
  client?.destroy()
  await swift?.stop()
  // What goes through the spool has no name there.
  expect(await readdir(spoolDir)).toEqual([])
  await rm(spoolDir, { recursive: true })
})

async function world() {
  const Bucket = `bucket-${++made}`
  await client.send(new CreateBucketCommand({ Bucket }))
  const store = s3ObjectStore({ ...swift, region: 'us-east-1', bucket: Bucket, spoolDir, bytesMax: CONTRACT_BYTES_MAX })
  return { Bucket, store }
}
async function* one(bytes: Uint8Array) {
  yield bytes
}

describe('objects in a bucket', () => {
  objectStoreContract(async () => (await world()).store)

  test('a sweep ends uploads that were begun before then', async () => {
    const { Bucket, store } = await world()
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'a/b' }))
    const part = { Bucket, Key: 'a/b', UploadId, PartNumber: 1 }
    await client.send(new UploadPartCommand({ ...part, Body: noise(10) }))

    expect(await store.sweep(new Date(Date.now() - 3_600_000))).toBe(0)
    expect(await store.sweep(new Date(Date.now() + 3_600_000))).toBe(1)
    expect(await store.sweep(new Date(Date.now() + 3_600_000))).toBe(0)
    await expect(client.send(new UploadPartCommand({ ...part, Body: noise(10) }))).rejects.toThrow('upload does not exist')
  })

  test('keys of others in the bucket are not listed, and their objects not taken for ours', async () => {
    const { Bucket, store } = await world()
    await client.send(new PutObjectCommand({ Bucket, Key: '../up', Body: 'theirs' }))
    await client.send(new PutObjectCommand({ Bucket, Key: 'theirs', Body: 'theirs' }))
    await store.put(key('ours'), one(noise(3)))

    const listed = []
    for await (const found of store.list()) listed.push(found)
    expect(listed).toEqual([
      { key: 'ours', size: 3 },
      { key: 'theirs', size: 6 },
    ])
    await expect(store.head(key('theirs'))).rejects.toThrow('it was not stored by us')
  })

  test('a wrong key, a missing bucket and a store that is not there are failures, never an absent object', async () => {
    const { Bucket } = await world()
    const common = { ...swift, region: 'us-east-1', bucket: Bucket, spoolDir }
    const wrongKey = s3ObjectStore({ ...common, credentials: { accessKeyId: 'test:tester', secretAccessKey: 'wrong' } })
    await expect(wrongKey.get(key('a'))).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })
    await expect(wrongKey.put(key('a'), one(noise(3)))).rejects.toMatchObject({ name: 'SignatureDoesNotMatch' })

    const noBucket = s3ObjectStore({ ...common, bucket: 'nobody-made-it' })
    await expect(noBucket.get(key('a'))).rejects.toMatchObject({ name: 'NoSuchBucket' })

    const nobody = s3ObjectStore({ ...common, endpoint: await closedPort() })
    await expect(nobody.head(key('a'))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

/** An address at which somebody was, and is no more. */
async function closedPort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}
