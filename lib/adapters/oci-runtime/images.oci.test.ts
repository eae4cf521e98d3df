import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { digestOfHex } from '#lib/domain/digest.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'
import { IDLE_SPACES_MAX } from './image-spaces.ts'
import type { RuntimeName } from './runtime.ts'
import { AGENT, fixedRoots, tiny, tinyRoot } from './testing-image.ts'
import { killedServer } from './testing-restart.ts'
import { newId, NOTHING, ociWorld } from './testing.ts'

/** Where only root passes, as a data folder often is. */
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dragoman-image-of-a-language-'))
  await tinyRoot(join(folder, 'root'))
  writeFileSync(join(folder, 'root', 'dragoman-agent'), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

async function imageWorld(runtime: RuntimeName = 'runc') {
  const rootPath = join(folder, 'root')
  const roots = fixedRoots({ [tiny().image]: rootPath }, AGENT)
  const world = await ociWorld({ runtime, roots })
  return { ...world, roots, rootPath, image: { rootPath, foundation: tiny() } }
}

describe.each(['runc', 'runsc'] as const)('on an image, by %s,', (runtime) => {
  test('a sandbox has the image for its root, read-only, and nothing of the machine', async () => {
    const world = await imageWorld(runtime)
    const sandboxes = await world.open()
    const sandbox = await world.start(sandboxes, {}, newId(), tiny())

    expect(await world.run(sandbox, 'cat /etc/word; id -un')).toBe('tiny\nvisitor')
    // Every machine with the set-up has these commands; the image has not.
    const theirs = 'for each in env mount python3; do [ -e /usr/bin/$each ] && echo $each; done; echo looked'
    expect(await world.run(sandbox, theirs)).toBe('looked')
    expect(await world.run(sandbox, 'echo /opt/dragoman/*')).toBe('/opt/dragoman/*')
    const touched = 'for each in /x /usr/bin/x /etc/word /dragoman-agent; do touch $each 2>/dev/null || echo no; done'
    expect(await world.run(sandbox, touched)).toBe('no\nno\nno\nno')
    const replaced = 'cat /etc/word >/dragoman-agent || echo no; grep -c ELF /dragoman-agent'
    expect(await world.run(sandbox, `(${replaced}) 2>/dev/null`)).toMatch(/^no\n[1-9]\d*$/)
    expect(await world.run(sandbox, 'cat /proc/self/mountinfo /proc/mounts')).not.toContain('image-of-a-language')

    const beside = await world.start(sandboxes)
    expect(await world.run(beside, `${theirs}; cat /etc/word 2>/dev/null`)).toBe('env\nmount\npython3\nlooked')
    await sandboxes.close()
    expect(world.ledger()).toEqual(NOTHING)
    expect(world.roots.held(tiny().image)).toBe(0)
    expect(readFileSync(join(world.rootPath, 'etc/word'), 'utf8')).toBe('tiny\n')
    await world.end()
  })
})

test('a sandbox on an image outlives its server and is adopted; its image is held until it ends', async () => {
  const world = await imageWorld()
  const ids = [newId(), newId()] as const
  const [key = ''] = await killedServer(world, ids, world.image)
  const sandboxes = await world.open()
  expect(world.roots.held(tiny().image)).toBe(2)

  await sandboxes.sweep(new Set([ids[0]]))
  await expect.poll(() => world.roots.held(tiny().image)).toBe(1)
  const adopted = await sandboxes.adopt(ids[0], key)
  if (!adopted) throw new Error('Not adopted')
  expect(await world.run(adopted, 'cat /etc/word')).toBe('tiny')
  await adopted.destroy()
  await expect.poll(() => world.roots.held(tiny().image)).toBe(0)

  await sandboxes.close()
  expect(world.ledger()).toEqual(NOTHING)
  await world.end()
})

test('an image that is not here refuses the start; on a server without images any does', async () => {
  const world = await imageWorld()
  const bare = await ociWorld()
  const missing = { limits: DEFAULT_LIMITS, foundation: tiny(digestOfHex('8'.repeat(64))) }
  for (const each of [world, bare]) {
    const sandboxes = await each.open()
    const refused = await sandboxes.start(newId(), missing, AbortSignal.timeout(20_000))
    expect(refused).toMatchObject({ ok: false, error: { code: 'start_failed' } })
    await sandboxes.close()
    expect(each.ledger()).toEqual(NOTHING)
    await each.end()
  }
})

test('of images that nobody uses a few stay mounted, and the others are let go', async () => {
  const images = Array.from({ length: IDLE_SPACES_MAX + 2 }, (_, n) => digestOfHex(n.toString(16).padStart(64, '0')))
  const rootPath = join(folder, 'root')
  const roots = fixedRoots(Object.fromEntries(images.map((image) => [image, rootPath])), AGENT)
  const world = await ociWorld({ roots })
  const sandboxes = await world.open()
  const kept = await world.start(sandboxes, {}, newId(), tiny(images[0]))
  for (const image of images.slice(1)) await (await world.start(sandboxes, {}, newId(), tiny(image))).destroy()

  await expect.poll(() => images.map((image) => roots.held(image))).toEqual([1, 0, ...images.slice(2).map(() => 1)])
  expect(await world.run(kept, 'cat /etc/word')).toBe('tiny')
  await sandboxes.close()
  expect(images.map((image) => roots.held(image)).filter((held) => held > 0)).toEqual([])
  expect(world.ledger()).toEqual(NOTHING)
  await world.end()
})
