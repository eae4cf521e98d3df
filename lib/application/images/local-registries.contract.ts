import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join, normalize } from 'node:path'
import { gzipSync } from 'node:zlib'

import { run } from './packages.contract.ts'

/**
 * Registries of one package each, as folders that one server gives out: a simple index with a wheel, a compact index with a
 * gem, a mirror of CPAN with a distribution, and a sparse index with a crate.
 */
export async function localRegistries(folder: string) {
  const write = (path: string, content: string | Buffer) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  await pythonIndex(folder, write)
  await gemIndex(folder, write)
  await cpanMirror(folder, write)
  const { url, asked, close } = await servedFolder(folder)
  await crateIndex(folder, write, url)
  return {
    addresses: { pip: [`${url}/simple/`], gem: [`${url}/gems-here/`], cpan: [`${url}/cpan/`], cargo: [`${url}/crates/`] },
    asked,
    close,
  }
}

/** What is in a folder by http, at an address of this machine alone; `asked` has the path of each request. */
export async function servedFolder(folder: string) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname)
    asked.push(path)
    const at = [path, join(path, 'index.html')].map((each) => join(folder, each)).find((each) => isFile(each))
    if (at)
      createReadStream(at).pipe(
        response.writeHead(200, { 'content-type': at.endsWith('html') ? 'text/html' : 'application/octet-stream' }),
      )
    else response.writeHead(404).end()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

type Write = (path: string, content: string | Buffer) => void

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

async function pythonIndex(folder: string, write: Write): Promise<void> {
  const info = 'hello_wheel-1.0.dist-info'
  write('wheel/hello_wheel.py', 'def main():\n    print("hello from a wheel")\n')
  write(`wheel/${info}/METADATA`, 'Metadata-Version: 2.1\nName: hello-wheel\nVersion: 1.0\n')
  write(`wheel/${info}/WHEEL`, 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
  write(`wheel/${info}/entry_points.txt`, '[console_scripts]\nhello-wheel = hello_wheel:main\n')
  write(
    `wheel/${info}/RECORD`,
    ['hello_wheel.py', ...['METADATA', 'WHEEL', 'entry_points.txt', 'RECORD'].map((name) => `${info}/${name}`)]
      .map((name) => `${name},,\n`)
      .join(''),
  )
  const wheel = 'hello_wheel-1.0-py3-none-any.whl'
  mkdirSync(join(folder, 'simple/hello-wheel'), { recursive: true })
  const to = join(folder, 'simple/hello-wheel', wheel)
  await run('/usr/bin/python3', ['-m', 'zipfile', '-c', to, 'hello_wheel.py', info], { cwd: join(folder, 'wheel') })
  write(
    'simple/hello-wheel/index.html',
    `<!DOCTYPE html><html><body><a href="${wheel}#sha256=${sha256(readFileSync(to))}">${wheel}</a></body></html>`,
  )
}

async function gemIndex(folder: string, write: Write): Promise<void> {
  write('gem/bin/hello-gem', '#!/usr/bin/env ruby\nrequire "hello_gem"\nputs HELLO\n')
  write('gem/lib/hello_gem.rb', 'HELLO = "hello from a gem"\n')
  const spec = `Gem::Specification.new { |s| s.name = "hello-gem"; s.version = "1.0"; s.summary = "x"; s.authors = ["x"]; s.files = ["lib/hello_gem.rb", "bin/hello-gem"]; s.executables = ["hello-gem"] }`
  write('gem/hello-gem.gemspec', spec)
  write('gems-here/gems/.keep', '')
  const gem = join(folder, 'gems-here/gems/hello-gem-1.0.gem')
  await run('gem', ['build', '--silent', '--force', 'hello-gem.gemspec', '--output', gem], { cwd: join(folder, 'gem') })
  await run('gem', ['generate_index', '--silent', '--directory', join(folder, 'gems-here')])
  write('gems-here/index.html', 'here')
  write('gems-here/info/hello-gem', `---\n1.0 |checksum:${sha256(readFileSync(gem))}\n`)
}

async function cpanMirror(folder: string, write: Write): Promise<void> {
  write(
    'dist/Hello-Dist-1.0/Makefile.PL',
    'use ExtUtils::MakeMaker;\nWriteMakefile(NAME => "Hello::Dist", VERSION_FROM => "lib/Hello/Dist.pm");\n',
  )
  write(
    'dist/Hello-Dist-1.0/lib/Hello/Dist.pm',
    'package Hello::Dist;\nour $VERSION = "1.0";\nsub hello { print "hello from CPAN\\n" }\n1;\n',
  )
  write('dist/Hello-Dist-1.0/MANIFEST', 'Makefile.PL\nMANIFEST\nlib/Hello/Dist.pm\n')
  const author = 'cpan/authors/id/H/HE/HELLO'
  write(`${author}/.keep`, '')
  await run('tar', ['-czf', join(folder, author, 'Hello-Dist-1.0.tar.gz'), 'Hello-Dist-1.0'], { cwd: join(folder, 'dist') })
  const details =
    'File: 02packages.details.txt\nColumns: package name, version, path\nLine-Count: 1\n\nHello::Dist 1.0 H/HE/HELLO/Hello-Dist-1.0.tar.gz\n'
  write('cpan/modules/02packages.details.txt.gz', gzipSync(details))
}

async function crateIndex(folder: string, write: Write, url: string): Promise<void> {
  write('crate/hello-crate-1.0.0/Cargo.toml', '[package]\nname = "hello-crate"\nversion = "1.0.0"\nedition = "2021"\n')
  write('crate/hello-crate-1.0.0/src/main.rs', 'fn main() { println!("hello from a crate"); }\n')
  write('crates/hello-crate-1.0.0', '')
  const crate = join(folder, 'crates/hello-crate-1.0.0')
  await run('tar', ['-czf', crate, 'hello-crate-1.0.0'], { cwd: join(folder, 'crate') })
  const entry = { name: 'hello-crate', vers: '1.0.0', deps: [], features: {}, yanked: false }
  write('crates/he/ll/hello-crate', `${JSON.stringify({ ...entry, cksum: sha256(readFileSync(crate)) })}\n`)
  write('crates/config.json', JSON.stringify({ dl: `${url}/crates/{crate}-{version}` }))
}
