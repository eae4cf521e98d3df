import { barePty } from './bare-pty.ts'
import { keystrokes } from './echo.ts'
import { benchVisitor } from './visitor.ts'

/**
 * Types into Python's prompt from a process of its own, so that nothing else which a bench does costs it time. Where it
 * types: `server URL`, a session there, or `command COMMAND`, a pty of this machine. Says `ready` on stderr, begins with
 * a line on stdin, and prints its times as JSON.
 */
const [kind = '', where = '', keys = '', keyMs = ''] = process.argv.slice(2)
const terminal = kind === 'server' ? await visitorAt(where) : await barePty(where)
await terminal.saw('>>> ')
process.stderr.write('ready\n')
await new Promise((done) => process.stdin.once('data', done))
process.stdout.write(JSON.stringify(await keystrokes(Number(keys), terminal, Number(keyMs))))
terminal.close()
process.exit(0)

async function visitorAt(url: string) {
  const visitor = await benchVisitor(url)
  await visitor.start('python')
  return visitor
}
