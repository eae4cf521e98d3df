import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'

import { key } from './application/ports/object-store.contract.ts'
import { openStores } from './stores.ts'

const opened: (() => unknown)[] = []
afterEach(async () => {
  for (const close of opened.splice(0)) await close()
})
const clock = { today: () => new Date() }

async function world(options: object) {
  const dataDir = await mkdtemp(join(tmpdir(), 'stores-'))
  const stores = await openStores(
    { s3Region: 'us-east-1', s3Bucket: undefined, s3Endpoint: undefined, registryUrl: undefined, dataDir, ...options },
    clock,
  )
  opened.push(
    () => stores.close(),
    () => rm(dataDir, { recursive: true }),
  )
  return { stores, dataDir }
}

/** Answers nothing that is right, and keeps what it was asked. */
async function listener() {
  const asked: string[] = []
  const server = createServer((request, answer) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization?.split(' ')[0]}`)
    answer.statusCode = 404
    answer.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push(() => void server.close())
  return { asked, port: (server.address() as { port: number }).port }
}

test('without a word all is kept in the data folder', async () => {
  const { stores, dataDir } = await world({})
  await stores.objects.put(
    key('a'),
    (async function* () {
      yield Buffer.from('a')
    })(),
  )
  expect(await stores.images.list()).toEqual([])
  expect((await readdir(dataDir)).sort()).toEqual(['images', 'objects'])
})

test('a registry is asked by the name and password in its address', async () => {
  const { asked, port } = await listener()
  const { stores } = await world({ registryUrl: `http://me:p%40ss@127.0.0.1:${port}` })
  expect(await stores.images.list()).toEqual([])
  expect(asked).toEqual(['GET /v2/_catalog?n=100 Basic'])
})

test('a bucket is asked at its endpoint', async () => {
  const { asked, port } = await listener()
  process.env['AWS_ACCESS_KEY_ID'] ??= 'nobody'
  process.env['AWS_SECRET_ACCESS_KEY'] ??= 'nothing'
  const { stores } = await world({ s3Bucket: 'bucket', s3Endpoint: `http://127.0.0.1:${port}` })
  expect(await stores.objects.head(key('a/b'))).toBeUndefined()
  expect(asked).toEqual(['HEAD /bucket/a/b AWS4-HMAC-SHA256'])
})
