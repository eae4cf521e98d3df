// The one file that runs on the machine's own Node: it brings the packages, among them the Node that runs all the rest.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const TOP = fileURLToPath(new URL('..', import.meta.url))
const NODE_MAJOR_MIN = 20
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const PINNED_NODE = join(TOP, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node')
const STAMP = join(TOP, 'node_modules', '.dragoman-lock')

// What tools write beside their results stays in the checkout, and none of them calls home.
const ENV = {
  ...process.env,
  PATH: [join(TOP, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  XDG_CACHE_HOME: join(TOP, '.dragoman', 'cache'),
  NEXT_TELEMETRY_DISABLED: '1',
  CHECKPOINT_DISABLE: '1',
  PRISMA_HIDE_UPDATE_MESSAGE: '1',
}

await main(process.argv.slice(2))

async function main(args) {
  if (process.platform !== 'linux') fail('Dragoman runs on Linux: its sandboxes are made of the Linux kernel')
  if (Number.parseInt(process.versions.node, 10) < NODE_MAJOR_MIN) {
    fail(`Node ${NODE_MAJOR_MIN} or newer is needed to begin with, this is ${process.version}`)
  }
  await installPackages()
  // The server moves bytes that live for a moment. In a nursery of one size its memory stays flat under any flood; of this size
  // it is collected every few seconds of typing, and no more in the middle of every twentieth key.
  const { config } = JSON.parse(readFileSync(join(TOP, 'package.json'), 'utf8'))
  const flags = args[0] === 'start' ? config.serverFlags : []
  process.exitCode = await run(PINNED_NODE, [...flags, join(TOP, 'cli', 'main.ts'), ...args])
}

/** `npm ci`, unless what lies in node_modules is what package-lock.json names. */
async function installPackages() {
  const lock = readFileSync(join(TOP, 'package-lock.json'), 'utf8')
  const hash = createHash('sha256').update(lock).digest('hex')
  if (existsSync(PINNED_NODE) && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return
  if (!existsSync(PINNED_NODE) || !isInstalled(JSON.parse(lock))) {
    const began = performance.now()
    process.stderr.write('npm packages: installing what package-lock.json names\n')
    const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm']
    const [command, ...words] = [...npm, 'ci', '--loglevel=error', '--no-audit', '--no-fund']
    const code = await run(command, words, { stdio: ['ignore', 2, 2], env: process.env })
    if (code !== 0) fail('The npm packages could not be installed; what npm said is above', code)
    if (!existsSync(PINNED_NODE)) fail(`There is no npm package of Node for this processor (${process.arch})`)
    process.stderr.write(`npm packages: installed in ${((performance.now() - began) / 1000).toFixed(1)} s\n`)
  }
  writeFileSync(STAMP, hash)
}

/** Whether somebody's own `npm ci` or `npm install` already brought the same versions. npm keeps a list of what it did. */
function isInstalled(lock) {
  let done
  try {
    done = JSON.parse(readFileSync(join(TOP, 'node_modules', '.package-lock.json'), 'utf8')).packages
  } catch {
    return false
  }
  return Object.entries(lock.packages).every(
    ([path, { version, optional }]) => path === '' || done[path]?.version === version || (optional && !done[path]),
  )
}

/** Runs a program to its end, passes signals on to it, and answers its exit code as a shell would. */
function run(command, args, options = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: TOP, stdio: 'inherit', env: ENV, ...options })
    // Ctrl-C reaches the whole group anyway; that the server hears it twice does no harm, that it never does would.
    const passOn = (signal) => child.kill(signal)
    for (const signal of SIGNALS) process.on(signal, passOn)
    const end = (code) => {
      for (const signal of SIGNALS) process.off(signal, passOn)
      done(code)
    }
    child.once('error', (error) => fail(`${command}: ${error.message}`))
    child.once('exit', (code, signal) => end(code ?? 128 + constants.signals[signal]))
  })
}

function fail(words, code = 1) {
  process.stderr.write(`${words}\n`)
  process.exit(code)
}
