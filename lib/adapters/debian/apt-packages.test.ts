import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { aptPackages } from './apt-packages.ts'
import { aptFault } from './archives.ts'

const nowhere = join(tmpdir(), 'no-apt-here')
const options = { release: undefined, status: '/dev/null', signal: new AbortController().signal, log: () => undefined }

test.each([
  '',
  '--reinstall',
  '-o=x',
  '/etc/passwd',
  './x.deb',
  'a b',
  'a;b',
  'Python',
  '^python.*',
  'a/unstable',
  'a+=',
  '$(id)',
])('%j is no name of a package, and nothing is begun for it', async (name) => {
  expect(await aptPackages(nowhere).fetch(['lua5.4', name], options)).toMatchObject({
    ok: false,
    error: { code: 'unknown_package' },
  })
  expect(existsSync(nowhere)).toBe(false)
})

test('a release of nobody is refused', async () => {
  const refused = await aptPackages(nowhere).fetch(['g++'], { ...options, release: '../etc' })
  expect(refused).toMatchObject({ ok: false, error: { code: 'unknown_release' } })
})

test.each([
  ['E: Unable to locate package nothing', 'unknown_package'],
  ["E: The repository 'http://x trixie Release' does not have a Release file.", 'unknown_release'],
  ["Err:1 http://x trixie InRelease\n  Temporary failure resolving 'x'", 'infra'],
  ['Could not connect to 127.0.0.1:1 (127.0.0.1). - connect (111: Connection refused)', 'infra'],
  ['E: Failed to fetch http://x/y.deb  503  Service Unavailable', 'infra'],
  [' ours : Depends: nothing (>= 2) but it is not installable', 'unknown_package'],
  ['dpkg: error processing package x (--configure)', 'failed'],
])('%s is %s', (said, code) => {
  expect(aptFault(said)).toMatchObject({ code })
})
