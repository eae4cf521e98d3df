import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { tarLayers } from './layers.ts'
import { file, folder, makeTar } from './testing/make-tar.ts'

const LATE_MS = 300
const TRAILER_BYTES = 8
const signal = new AbortController().signal

let work: string
beforeEach(() => void (work = mkdtempSync(join(tmpdir(), 'unpack-'))))
afterEach(() => rmSync(work, { recursive: true }))

/** As tar fills up what it writes: with no more to wait for, its reader ends at the archive's own end. */
const RECORD_BYTES = 10_240
const archive = makeTar(folder('.'), folder('etc'), file('etc/passwd', 'x'))
const packed = gzipSync(Buffer.concat([archive, Buffer.alloc(RECORD_BYTES - archive.length)]))

test('a layer whose last bytes come long after its archive has ended is unpacked', async () => {
  async function* slowly() {
    yield packed.subarray(0, -TRAILER_BYTES)
    await delay(LATE_MS)
    yield packed.subarray(-TRAILER_BYTES)
  }
  const root = await tarLayers(work).unpack([async () => Readable.from(slowly())], { signal })
  expect(readFileSync(join(root.path, 'etc/passwd'), 'utf8')).toBe('x')
})

test('a layer whose source fails on the way fails with its words, as the first or on top, and leaves nothing', async () => {
  const whole = async () => Readable.from([packed])
  async function* broken() {
    yield packed.subarray(0, -TRAILER_BYTES)
    throw new Error('the disk is gone')
  }
  const bad = async () => Readable.from(broken())
  await expect(tarLayers(work).unpack([bad], { signal })).rejects.toThrow('the disk is gone')
  await expect(tarLayers(work).unpack([whole, bad], { signal })).rejects.toThrow('the disk is gone')
})
