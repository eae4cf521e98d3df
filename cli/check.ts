import { runChecks } from './testing/checks.ts'
import { words } from './testing/count.ts'

const count = await runChecks()
process.stdout.write(`${words(count)}\n`)
process.exitCode = count.failed > 0 ? 1 : 0
