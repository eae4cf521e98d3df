#!/usr/bin/env node
// Whatever Node a machine has starts this; the program itself wants the one that came with the project.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const node = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))
const main = fileURLToPath(new URL('./dragoman/main.ts', import.meta.url))

if (!existsSync(node)) {
  process.stderr.write('dragoman: not set up yet; run `npm start` once in its folder\n')
  process.exit(1)
}

// Node keeps what it made of the sources there: a command that asks little is done in half the time.
const cache = fileURLToPath(new URL('../.dragoman/compile-cache', import.meta.url))
const env = { NODE_COMPILE_CACHE: cache, ...process.env }
const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit', env })
// Ctrl-C reaches the child by itself; this process waits for it to tidy up. The rest is passed on.
process.on('SIGINT', () => undefined)
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  process.stderr.write(`dragoman: cannot start ${node}: ${error.message}\n`)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)))
