import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')
const OUT = join(ROOT, '.dragoman/agent')
/** Everything that can end up in the executable. */
const SOURCES = ['agent/*.ts', 'lib/protocol/*.ts', 'lib/domain/*.ts']

export type BuiltAgent = {
  readonly path: string
  readonly version: string
  readonly sha256: string
  /** Hex of the sha256 of all it was made of. */
  readonly sources: string
  readonly bun: string
}

/**
 * Compiles the agent to one executable with Bun, offline; skipped while neither its sources nor Bun have changed. The server's
 * own image has neither: there it is what came along.
 */
export async function buildAgent(): Promise<BuiltAgent> {
  const stampPath = join(OUT, 'stamp.json')
  const stamp = await readStamp(stampPath)
  const path = join(OUT, 'dragoman-agent')
  if (stamp && !existsSync(join(ROOT, 'agent'))) return { path, sources: stamp.hash, ...stamp }
  const bun = await bunPackage()
  const hash = await sourcesHash(bun)
  const madeOf = { path, sources: hash, bun: bun.id }
  if (stamp?.hash === hash && existsSync(path)) return { ...madeOf, version: stamp.version, sha256: stamp.sha256 }

  await mkdir(OUT, { recursive: true })
  const { version: ours } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const version = `${ours}-${hash.slice(0, 12)}`
  // Under a name of its own first: sandboxes that run hold the old one open, and two builds at once do no harm.
  const fresh = `${path}.${process.pid}`
  compileAgent(bun.path, { entry: 'agent/main.ts', outfile: fresh, version })
  const sha256 = createHash('sha256')
    .update(await readFile(fresh))
    .digest('hex')
  await rename(fresh, path)
  await writeFile(stampPath, JSON.stringify({ hash, version, sha256, bun: bun.id } satisfies Stamp))
  return { ...madeOf, version, sha256 }
}

type Compile = { readonly entry: string; readonly outfile: string; readonly version: string }

export function compileAgent(bun: string, { entry, outfile, version }: Compile): void {
  // Nothing it finds in a folder may change what it is: by default it would read .env and bunfig.toml where it is started.
  const closed = ['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig']
  const args = [
    'build',
    '--compile',
    '--minify',
    ...closed,
    '--define',
    `AGENT_VERSION="${version}"`,
    entry,
    '--outfile',
    outfile,
  ]
  const { status, stderr, error } = spawnSync(bun, args, { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot compile the agent: ${error?.message ?? stderr.trim()}`)
}

type Bun = { readonly path: string; readonly id: string }

/** The Bun for this processor; the agent is made of the same one, so it runs where it was built. */
export async function bunPackage(): Promise<Bun> {
  const name = `@oven/${bunPackageName(process.arch, await readFile('/proc/cpuinfo', 'latin1'))}`
  const require = createRequire(import.meta.url)
  const manifest = require.resolve(`${name}/package.json`)
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string }
  return { path: join(manifest, '../bin/bun'), id: `${name}@${version}` }
}

/** Bun's own build needs AVX2 on x64; there is a baseline one for processors without. */
export function bunPackageName(arch: string, cpuinfo: string): string {
  if (arch === 'arm64') return 'bun-linux-aarch64'
  if (arch !== 'x64') throw new Error(`Cannot compile the agent: there is no Bun for ${arch}`)
  return /^flags\s*:.*\bavx2\b/m.test(cpuinfo) ? 'bun-linux-x64' : 'bun-linux-x64-baseline'
}

async function sourcesHash(bun: Bun): Promise<string> {
  const paths = globSync(SOURCES, { cwd: ROOT, exclude: (path) => path.includes('.test.') }).toSorted()
  const hash = createHash('sha256').update(bun.id)
  for (const path of [...paths, 'package.json', 'cli/setup/build-agent.ts']) {
    const text = await readFile(join(ROOT, path))
    hash.update(`\0${path}\0${text.length}\0`).update(text)
  }
  return hash.digest('hex')
}

type Stamp = { readonly hash: string; readonly version: string; readonly sha256: string; readonly bun: string }

async function readStamp(path: string): Promise<Stamp | undefined> {
  try {
    const stamp = JSON.parse(await readFile(path, 'utf8')) as Stamp
    return stamp.bun ? stamp : undefined // an older one did not say
  } catch {
    return undefined // none yet, or cut off: build again
  }
}
