import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

import { say } from './progress.ts'
import { hashOf, TOP, unlessDone } from './stamps.ts'
import { mustRun } from './tool.ts'

/** What languages have from npm is named, with its versions, by the manifest and the lock file here. */
const MANIFEST = join(TOP, 'langs', 'tools')
const TOOLS = join(TOP, '.dragoman', 'tools')
const SOURCES = ['langs/tools/*.json', 'cli/setup/language-tools.ts']
/** Where sandboxes have it; the commands that are written here name each other by it. */
const IN_SANDBOX = '/opt/dragoman'
const INSTALL_MS_MAX = 4 * 60_000
const ERROR_CHARS_MAX = 500
/** A registry that cannot be reached is noticed in seconds: set-up goes on without. */
const NPM_OPTIONS = [
  '--ignore-scripts',
  '--loglevel=error',
  '--no-audit',
  '--no-fund',
  '--fetch-retries=1',
  '--fetch-retry-mintimeout=500',
  '--fetch-timeout=60000',
]

/**
 * Brings formatters, language servers and interpreters from npm. A server does without when they cannot be had, and says so;
 * the tests do not.
 */
export async function installLanguageTools(mayLack: boolean): Promise<string> {
  const isThere = () => existsSync(join(TOOLS, 'node_modules'))
  try {
    const inputs = `${hashOf(SOURCES)} ${process.version}`
    const done = await unlessDone('language-tools', inputs, isThere, () => layOut(fetchPackages))
    return done ? 'installed' : 'up to date'
  } catch (error) {
    if (!mayLack) throw error
    if (!existsSync(TOOLS)) await layOut(async () => {})
    say(`Language tools: ${String(error instanceof Error ? error.message : error).slice(0, ERROR_CHARS_MAX)}`)
    return isThere()
      ? 'the new ones could not be had, the old ones stay'
      : 'not there: some languages, formatters and language servers will be missing'
  }
}

/** Everything is made beside and then put in place, so a server that starts meanwhile finds the one or the other. */
async function layOut(fill: (folder: string) => Promise<void>): Promise<void> {
  const fresh = `${TOOLS}.new`
  const old = `${TOOLS}.old`
  for (const left of [fresh, old]) rmSync(left, { recursive: true, force: true })
  mkdirSync(join(fresh, 'bin'), { recursive: true })
  await fill(fresh)
  linkNode(join(fresh, 'bin', 'node'))
  writeCommands(fresh)
  // Whatever our own mask is: programs in a sandbox are somebody else.
  await mustRun('chmod', ['-R', 'a+rX', fresh])
  if (existsSync(TOOLS)) renameSync(TOOLS, old)
  renameSync(fresh, TOOLS)
  rmSync(old, { recursive: true, force: true })
}

async function fetchPackages(folder: string): Promise<void> {
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(MANIFEST, file), join(folder, file))
  const npm = process.env['npm_execpath']
  const [command = '', ...words] = npm ? [process.execPath, npm] : ['npm']
  const args = [...words, 'ci', `--prefix=${folder}`, ...NPM_OPTIONS]
  // With the home of whoever starts this: their npm may be told of another registry.
  const env = { HOME: process.env['HOME'] ?? TOP }
  await mustRun(command, args, { env, signal: AbortSignal.timeout(INSTALL_MS_MAX) })
}

/** The Node that runs the server runs the tools too: some need a newer one than the machine has. */
function linkNode(path: string): void {
  try {
    linkSync(process.execPath, path)
  } catch {
    copyFileSync(process.execPath, path) // another file system
  }
}

/**
 * A command for each program of the packages that the manifest names, and none for what those need themselves. Flags of V8, which
 * NODE_OPTIONS does not take, come by NODE_FLAGS.
 */
function writeCommands(folder: string): void {
  for (const [name, program] of programsOf(folder)) {
    const path = join(folder, 'bin', name)
    writeFileSync(path, `#!/bin/sh\nexec ${IN_SANDBOX}/bin/node $NODE_FLAGS ${IN_SANDBOX}/node_modules/${program} "$@"\n`)
    chmodSync(path, 0o755)
  }
}

type Package = { readonly bin?: string | Readonly<Record<string, string>> }

function programsOf(folder: string): [name: string, program: string][] {
  const { dependencies } = readJson<{ dependencies: Record<string, string> }>(join(MANIFEST, 'package.json'))
  return Object.keys(dependencies).flatMap((name) => {
    const found = globSync(`node_modules/${name}/package.json`, { cwd: folder })[0]
    const { bin = {} } = found === undefined ? {} : readJson<Package>(join(folder, found))
    const programs = typeof bin === 'string' ? { [name.split('/').at(-1) ?? name]: bin } : bin
    return Object.entries(programs).map(([command, file]): [string, string] => [command, join(name, file)])
  })
}

// Both kinds of file were written by npm, whose form this is.
const readJson = <T>(path: string) => JSON.parse(readFileSync(path, 'utf8')) as T
