/**
 * Installs packages of npm inside a recipe: `node npm.mjs TARGET LIVES NAMES.json`. TARGET becomes what the set-up makes of the
 * tools on a machine (cli/setup/language-tools.ts): `bin/node`, `node_modules` and a command for each program of what was named.
 * LIVES is where a sandbox finds it. A name without a version has the one of the tools' manifest, and with it their lock file's.
 */
export const NPM_PROGRAM = `
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const TOOLS = '/run/tools'
const [target, lives, namesFile] = process.argv.slice(2)
const read = (path) => JSON.parse(readFileSync(path, 'utf8'))
const manifest = read(join(TOOLS, 'package.json'))

const wanted = Object.fromEntries(read(namesFile).map((text) => {
  const at = text.indexOf('@', 1)
  const name = at < 0 ? text : text.slice(0, at)
  return [name, at < 0 ? (manifest.dependencies[name] ?? 'latest') : text.slice(at + 1)]
}))
const said = (version) => (version.startsWith('$') ? manifest.dependencies[version.slice(1)] : version)
const overrides = Object.fromEntries(
  Object.entries(manifest.overrides ?? {}).map(([name, version]) => [name, wanted[name] ?? said(version)]),
)
mkdirSync(join(target, 'bin'), { recursive: true })
writeFileSync(join(target, 'package.json'), JSON.stringify({ private: true, dependencies: wanted, overrides }, null, 2) + '\\n')
copyFileSync(join(TOOLS, 'package-lock.json'), join(target, 'package-lock.json'))

const { status } = spawnSync(
  join(TOOLS, 'bin/node'),
  [
    join(TOOLS, 'node_modules/npm/bin/npm-cli.js'), 'install', '--prefix=' + target, '--cache=/tmp/npm',
    '--ignore-scripts', '--install-links', '--loglevel=error', '--no-audit', '--no-fund', '--no-update-notifier',
    '--fetch-retries=1', '--fetch-retry-mintimeout=500', '--fetch-timeout=60000',
  ],
  { stdio: 'inherit' },
)
if (status !== 0) process.exit(status ?? 1)
rmSync('/tmp/npm', { recursive: true, force: true })

copyFileSync(join(TOOLS, 'bin/node'), join(target, 'bin/node'))
for (const name of Object.keys(wanted)) {
  const { bin = {} } = read(join(target, 'node_modules', name, 'package.json'))
  const programs = typeof bin === 'string' ? { [name.split('/').at(-1)]: bin } : bin
  for (const [command, file] of Object.entries(programs)) {
    if (!/^[\\w][\\w.@+-]*$/.test(command) || command === 'node') continue
    if (!existsSync(join(target, 'node_modules', name, file))) continue
    const path = join(target, 'bin', command)
    writeFileSync(path, '#!/bin/sh\\nexec ' + lives + '/bin/node $NODE_FLAGS "' + join(lives, 'node_modules', name, file) + '" "$@"\\n')
    chmodSync(path, 0o755)
  }
}
`
