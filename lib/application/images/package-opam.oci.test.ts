import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { servedFolder } from './local-registries.contract.ts'
import { contentsOf, NOTHING_LEFT, packageWorld, type PackageWorld, run } from './packages.contract.ts'

/** Debian's OCaml and C compilers take half a minute to install on a quiet machine. */
const MS_MAX = 10 * 60_000

/** With opam and OCaml themselves, as Debian has them, and a repository of a few packages. */
describe('a package with what came by opam', { timeout: MS_MAX }, () => {
  let folder: string
  let server: Awaited<ReturnType<typeof servedFolder>>
  let world: PackageWorld
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'opam-'))
    server = await servedFolder(folder)
    await opamRepository(folder, server.url)
    world = await packageWorld({ opam: [`${server.url}/`] })
  }, MS_MAX)
  afterAll(async () => {
    server?.close()
    await world?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('has the programs that are named, which run without OCaml, and nothing that only the build needed', async () => {
    const install = {
      riju: ['other'],
      prepare: { opam: ['for-building'] },
      opam: ['hello.1.0', { name: 'pinned', source: `${server.url}/pinned.tar.gz`, binaries: ['pinned-b'] }],
      manual: 'mkdir -p "$pkg/opt" && for-building > "$pkg/opt/made"',
    }
    const shared = [{ id: 'other', install: { opam: ['shared'] } }]
    const made = await world.make(install, { config: { install, shared } })
    expect(made.built, made.log).toMatchObject({ ok: true, value: { depends: [] } })
    const files = (await contentsOf(made.path)).filter((line) => line.startsWith('-'))
    expect(files.toSorted()).toEqual([
      '-rw-r--r-- 0/0 ./opt/made',
      '-rwxr-xr-x 0/0 ./usr/local/bin/hello',
      '-rwxr-xr-x 0/0 ./usr/local/bin/pinned-b',
      '-rwxr-xr-x 0/0 ./usr/local/bin/shared',
    ])
    expect(server.asked).toEqual(expect.arrayContaining(['/index.tar.gz', '/hello.tar.gz', '/pinned.tar.gz']))

    const image = await world.intoImage(made, 'cat /opt/made; hello; pinned-b; shared; ! command -v ocaml')
    expect(image.built, `${JSON.stringify(image.built)} ${image.log.slice(-2000)}`).toMatchObject({ ok: true })
    expect(image.log).toContain('I am for-building\nI am hello\nI am pinned\nI am shared\n')
    expect(world.left()).toEqual(NOTHING_LEFT)
  })
})

/** Of a compiler that is there already, and of programs that say their names; `pinned` is not in it, and beside it. */
async function opamRepository(folder: string, url: string): Promise<void> {
  const write = (path: string, lines: readonly string[]) => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), `${['opam-version: "2.0"', ...lines].join('\n')}\n`)
  }
  write('repo', [])
  write('packages/ocaml-system/ocaml-system.1.0/opam', ['flags: compiler', 'available: sys-ocaml-version != ""'])
  for (const name of ['hello', 'for-building', 'pinned', 'shared']) {
    const [source, tarball] = [join(folder, 'sources', name), join(folder, `${name}.tar.gz`)]
    const facts = [
      'depends: "ocaml-system"',
      `build: ["ocamlopt" "-o" "${name}" "say.ml"]`,
      `install: [["cp" "${name}" "%{bin}%/${name}"] ["cp" "${name}" "%{bin}%/${name}-b"]]`,
    ]
    write(`sources/${name}/opam`, facts)
    writeFileSync(join(source, 'say.ml'), `let () = print_endline "I am ${name}"\n`)
    await run('tar', ['-C', join(folder, 'sources'), '-czf', tarball, name])
    if (name === 'pinned') continue
    const sum = createHash('sha256').update(readFileSync(tarball)).digest('hex')
    write(`packages/${name}/${name}.1.0/opam`, [...facts, `url { src: "${url}/${name}.tar.gz" checksum: "sha256=${sum}" }`])
  }
  await run('tar', ['-czf', join(folder, 'index.tar.gz'), 'repo', 'packages'], { cwd: folder })
}
