import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'

import { afterEach, expect, test } from 'vitest'

import { AGENT_BYTES_MAX } from '#lib/domain/agent-release.ts'

import { tarAgentArchives } from './agent-archives.ts'
import { file, folder, link, type Made, makeTar } from './testing/make-tar.ts'

const never = new AbortController().signal
const folders: string[] = []
afterEach(() => folders.splice(0).forEach((path) => rmSync(path, { recursive: true })))

function newFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'agent-archive-'))
  folders.push(path)
  return path
}

function withProgram(bytes: string | Buffer): string {
  const path = newFolder()
  writeFileSync(join(path, 'dragoman-agent'), bytes)
  return path
}

/** What becomes of an archive of these entries, or of these bytes. */
async function unpacked(archive: readonly Made[] | Buffer) {
  const to = newFolder()
  const bytes = Buffer.isBuffer(archive) ? archive : gzipSync(makeTar(...archive))
  const done = await tarAgentArchives(newFolder()).unpack(Readable.from([bytes]), to)
  return done.ok ? { program: readFileSync(join(to, 'dragoman-agent'), 'latin1') } : done.error.why
}

test('a program comes back executable as it was, and packs to the same bytes wherever it lay', async () => {
  const program = Buffer.alloc(300_001, 'an agent ')
  const archives = tarAgentArchives(newFolder())
  const one = await archives.pack(withProgram(program), never)
  const two = await archives.pack(withProgram(program), never)
  expect(two.digest).toBe(one.digest)

  const to = newFolder()
  expect(await archives.unpack(one.open(), to)).toEqual({ ok: true, value: undefined })
  expect(readFileSync(join(to, 'dragoman-agent')).equals(program)).toBe(true)
  expect(statSync(join(to, 'dragoman-agent')).mode & 0o7777).toBe(0o755)
  await Promise.all([one.remove(), two.remove()])
})

const agent = file('dragoman-agent', 'x')
test.each<[string, readonly Made[] | Buffer, string]>([
  ['nothing', [], 'it is no POSIX archive'],
  ['another name', [file('agent', 'x')], 'it holds something else than the file "dragoman-agent"'],
  ['a way out', [file('../dragoman-agent', 'x')], 'it holds something else than the file "dragoman-agent"'],
  ['a folder first', [folder('bin'), agent], 'it holds something else than the file "dragoman-agent"'],
  ['a link of its name', [link('dragoman-agent', '/etc/passwd')], 'it holds something else than the file "dragoman-agent"'],
  ['a second file', [agent, file('more')], 'there is more in it than the program'],
  ['a size that no agent has', [{ ...agent, size: AGENT_BYTES_MAX + 1 }], `the program has more than ${AGENT_BYTES_MAX} bytes`],
  ['less than it says', [{ ...agent, size: 10_000 }], 'it ends too early'],
  ['no end', gzipSync(makeTar(agent).subarray(0, 1024)), 'it has no end'],
  [
    'zeros without end',
    gzipSync(Buffer.concat([makeTar(agent), Buffer.alloc(1024 ** 2)])),
    'there is more in it than the program',
  ],
  ['no gzip', makeTar(agent), 'it is not packed as it should be'],
  ['half of a gzip', gzipSync(makeTar(agent)).subarray(0, 40), 'it is not packed as it should be'],
])('an archive with %s is refused', async (_, archive, why) => {
  expect(await unpacked(archive)).toBe(why)
})

test('an archive with the program alone is taken', async () => {
  expect(await unpacked([agent])).toEqual({ program: 'x' })
})
