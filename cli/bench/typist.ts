import { keystrokes } from './echo.ts'
import { benchVisitor } from './visitor.ts'

// A typist in a process of its own: what floods cost another client is not the server's delay. Prints its times as JSON.
const [url = '', keys = ''] = process.argv.slice(2)
const visitor = await benchVisitor(url)
await visitor.start('python')
await visitor.saw('>>> ')
process.stderr.write('ready\n')
await new Promise((done) => process.stdin.once('data', done))
process.stdout.write(JSON.stringify(await keystrokes(Number(keys), visitor)))
visitor.close()
process.exit(0)
