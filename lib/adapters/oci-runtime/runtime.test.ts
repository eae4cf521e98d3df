import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { devNull, tmpdir } from 'node:os'
import { openSync, closeSync } from 'node:fs'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { MountSpace } from './mount-space.ts'
import { ociRuntime } from './runtime.ts'

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'dragoman-runtime-'))))
afterEach(() => rm(folder, { recursive: true }))

const space: MountSpace = { rootPath: '/mnt', enter: ([command = '', ...args]) => [command, ...args], close: () => {} }

/** A runtime that writes down what it is told and then does this. */
async function launched(name: string, script: string) {
  const path = join(folder, name)
  await writeFile(path, `#!/bin/sh\nprintf '%s\\n' "$@" >${folder}/told; ls /proc/self/fd >${folder}/open\n${script}\n`)
  await chmod(path, 0o755)
  const listener = openSync(devNull, 'r')
  const runtime = ociRuntime(path, folder)
  const result = await runtime.launch({
    ...{ space, id: 'sb1', bundle: `${folder}/bundle`, pidFile: `${folder}/pid`, listener, group: [], limits: DEFAULT_LIMITS },
    ...{ ids: { agent: 1, visitor: 2 }, signal: AbortSignal.timeout(10_000) },
  })
  closeSync(listener)
  return { result, told: (await readFile(join(folder, 'told'), 'utf8')).trim().split('\n') }
}

test.each(['runc', 'crun'])('%s is told where everything is, and has the listening socket as descriptor 3', async (name) => {
  const { result, told } = await launched(name, `echo ${process.pid} >${folder}/pid`)

  expect(result).toMatchObject({ ok: true, value: { init: { pid: process.pid } } })
  expect(told).toEqual([
    ...['--root', `${folder}/runtime`, 'run', '--detach', '--preserve-fds', '1'],
    ...['--bundle', `${folder}/bundle`, '--pid-file', `${folder}/pid`, 'sb1'],
  ])
  expect((await readFile(join(folder, 'open'), 'utf8')).split('\n')).toContain('3')
})

test('what a runtime says when it refuses is the reason', async () => {
  const words = 'cgroups in hybrid mode not supported, drop all controllers from cgroupv2'
  const { result } = await launched('crun', `echo '${words}' >&2; exit 1`)

  expect(result).toEqual({ ok: false, error: words })
})

test('a first process that is gone already is no sandbox', async () => {
  const { result } = await launched('runc', `(exit 0) & echo $! >${folder}/pid; wait`)

  expect(result).toEqual({ ok: false, error: 'the agent ended at once' })
})
