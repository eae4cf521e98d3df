import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { selfTest } from './self-test.ts'
import { NOTHING, ociWorld } from './testing.ts'

/** Some ten times what it takes here alone; a case that waits in vain takes longer by itself. */
const TOOK_MS_MAX = 10_000

const failures = (results: Awaited<ReturnType<typeof selfTest>>) => results.filter(({ ok }) => !ok)

test.each([false, true])('every hostile program is refused, in little time; with one id: %s', async (oneId) => {
  const world = await ociWorld({ oneId })
  const sandboxes = await world.open()
  const from = performance.now()
  const results = await selfTest(sandboxes, 'runc', oneId)
  const tookMs = performance.now() - from

  expect(failures(results)).toEqual([])
  expect(results.length).toBeGreaterThan(18)
  expect(tookMs).toBeLessThan(TOOK_MS_MAX)
  await sandboxes.close()
  expect(world.ledger()).toEqual(NOTHING)
  await world.end()
})

/** A runtime that forgets a part of what it is told. */
async function forgetful(pattern: string) {
  const folder = await mkdtemp(join(tmpdir(), 'dragoman-runtime-'))
  const path = join(folder, 'runtime')
  const script = `#!/bin/sh
for last; do case "$previous" in --bundle) perl -0 -pi -e '${pattern}' "$last/config.json" ;; esac; previous=$last; done
exec runc "$@"
`
  await writeFile(path, script)
  await chmod(path, 0o755)
  return { path, remove: () => rm(folder, { recursive: true }) }
}

test.each([
  ['its filter', 's/"seccomp"/"forgotten"/', 'system calls are refused'],
  ['the limit of memory', 's/"memory":\\{[^}]*\\}/"memory":{}/', 'the limit of memory kills'],
  ['the limit of processes', 's/"pids":\\{[^}]*\\}/"pids":{"limit":0}/', 'the limit of processes holds'],
  ['the size of /tmp', 's/"size=67108864",//g', 'places to write have sizes'],
  ['the network namespace', 's/\\{"type":"network"\\},//', 'no interface but loopback'],
  ['to take privileges', 's/"noNewPrivileges":true/"noNewPrivileges":false/', 'no new privileges'],
])('a runtime that forgets %s is found out', async (_, pattern, name) => {
  const { path, remove } = await forgetful(pattern)
  const world = await ociWorld({ runtimePath: path })
  const sandboxes = await world.open()

  expect(failures(await selfTest(sandboxes, 'runc')).map((result) => result.name)).toContain(name)
  await sandboxes.close()
  expect(world.ledger()).toEqual(NOTHING)
  await world.end()
  await remove()
})

test('a runtime that is not there fails the test, and is named', async () => {
  const world = await ociWorld({ runtimePath: '/nonexistent/runc' })
  const sandboxes = await world.open()

  const [first] = failures(await selfTest(sandboxes, 'runc'))
  expect(first).toMatchObject({ name: 'a sandbox starts and obeys', detail: expect.stringContaining('/nonexistent/runc') })
  await sandboxes.close()
  expect(world.ledger()).toEqual(NOTHING)
  await world.end()
})
