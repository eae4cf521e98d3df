import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

import { NOTHING, ociWorld } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'dragoman-tools-of-languages-'))
chmodSync(folder, 0o755)
mkdirSync(join(folder, 'bin'))
writeFileSync(join(folder, 'bin', 'greet'), '#!/bin/sh\necho hello from a tool\n', { mode: 0o755 })
afterAll(() => rmSync(folder, { recursive: true }))

test('tools are in every sandbox, read-only, and tell nothing about where they lie', async () => {
  const world = await ociWorld({ toolsPath: folder })
  const sandboxes = await world.open()
  const sandbox = await world.start(sandboxes)

  // By its bare name: the tools are on the programs' path.
  expect(await world.run(sandbox, 'greet')).toBe('hello from a tool')
  expect(await world.run(sandbox, 'touch /opt/dragoman/x 2>/dev/null || echo refused')).toBe('refused')
  expect(await world.run(sandbox, "grep -o ' /opt/dragoman [^ ]*' /proc/self/mountinfo")).toMatch(
    /^\/opt\/dragoman ro,nosuid,nodev\b/,
  )
  expect(await world.run(sandbox, 'cat /proc/self/mountinfo /proc/mounts')).not.toContain('dragoman-tools-of-languages')

  await sandboxes.close()
  expect(world.ledger()).toEqual(NOTHING)
  await world.end()
})

test('a server without tools has sandboxes all the same', async () => {
  const world = await ociWorld({ toolsPath: join(folder, 'nothing-here') })
  const sandboxes = await world.open()
  const sandbox = await world.start(sandboxes)

  expect(await world.run(sandbox, 'ls -A /opt/dragoman; echo listed')).toBe('listed')

  await sandboxes.close()
  expect(world.ledger()).toEqual(NOTHING)
  await world.end()
})
