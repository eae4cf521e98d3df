import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { overlayOptions } from '#lib/application/ports/layers.ts'
import { digestOfHex } from '#lib/domain/digest.ts'
import { tarLayers } from './layers.ts'
import { file, folder, makeTar } from './testing/make-tar.ts'

const run = promisify(execFile)
const SHIFT = 2_000_000_000
const signal = new AbortController().signal
const packed = gzipSync(makeTar(folder('usr'), file('usr/kept', 'kept'), file('usr/gone', 'gone'), file('usr/changed', 'old')))
const image = {
  digest: digestOfHex(createHash('sha256').update(packed).digest('hex')),
  layers: [async () => Readable.from([packed], { objectMode: false })],
}

let place: string
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'begin-'))
  for (const name of ['lower', 'upper', 'work', 'overlaid']) mkdirSync(join(place, name))
  // Nothing can be laid over what is in an overlay itself.
  const options = 'lowerdir=lower,upperdir=upper,workdir=work'
  await run('mount', ['-t', 'overlay', '-o', options, 'overlay', 'overlaid'], { cwd: place })
})
afterAll(async () => {
  await run('umount', [join(place, 'overlaid')])
  rmSync(place, { recursive: true })
})

/** What somebody does to the whole of a root: where it lies over another, in a mount that nobody else sees. */
async function change({ path, over }: { readonly path: string; readonly over?: string }) {
  const does = 'rm usr/gone && echo new > usr/changed && echo x > usr/added && chown 2000000033 usr/added && touch -d @7 usr/*'
  if (!over) return run('sh', ['-ec', does], { cwd: path })
  const mounted = 'rm -rf work && mkdir work && mount -t overlay -o "$1" overlay view && cd view'
  return run('unshare', ['--mount', 'sh', '-ec', `${mounted} && ${does}`, 'sh', overlayOptions(path, over)], { cwd: path })
}

async function build(workDir: string) {
  const layers = tarLayers(workDir)
  const root = await layers.begin(image, { shiftBy: SHIFT, signal })
  const begin = new Date()
  await change(root)
  const layer = await root.pack({ begin, fallback: new Date(0), signal })
  const kept = readdirSync(join(root.began, 'usr')).map((name) => readFileSync(join(root.began, 'usr', name), 'utf8'))
  const result = { isOver: root.over !== undefined, digest: layer.digest, kept: kept.sort() }
  await layer.remove()
  await root.remove()
  return { ...result, left: readdirSync(workDir), roots: readdirSync(join(workDir, 'roots')).length }
}

describe('a root that begins as an image', () => {
  test('is the same layer where it lies over the image and where it is a copy, and the image stays as it was', async () => {
    const over = await build(join(place, 'plain'))
    const copied = await build(join(place, 'overlaid/work'))

    const rest = { kept: ['gone', 'kept', 'old'], left: ['roots'], roots: 1 }
    expect(over).toEqual({ isOver: true, digest: copied.digest, ...rest })
    expect(copied).toEqual({ isOver: false, digest: over.digest, ...rest })
  })

  test('is unpacked once for all who begin at once, and again when who unpacked it gave up', async () => {
    const workDir = join(place, 'many')
    let opened = 0
    const counted = { ...image, layers: [async () => (opened++, Readable.from([packed], { objectMode: false }))] }
    const layers = tarLayers(workDir)
    const giveUp = new AbortController()
    const first = layers.begin(counted, { shiftBy: SHIFT, signal: giveUp.signal })
    const others = [1, 2, 3].map(() => layers.begin(counted, { shiftBy: SHIFT, signal }))
    giveUp.abort(new Error('given up'))

    await expect(first).rejects.toThrow()
    const roots = await Promise.all(others)
    expect(opened).toBeLessThanOrEqual(2)
    expect(new Set(roots.map(({ began }) => began)).size).toBe(1)
    for (const root of roots) await root.remove()
    expect(readdirSync(workDir)).toEqual(['roots'])
    expect(existsSync(roots[0]?.began ?? '')).toBe(true)
  })
})
