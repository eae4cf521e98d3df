import { runChecks } from './testing/checks.ts'
import { sum, words } from './testing/count.ts'
import { runStage } from './testing/stage.ts'
import {
  browserStage,
  gvisorStage,
  hostileStage,
  imagesStage,
  languagesStage,
  nothingLeftStage,
  oneIdStage,
} from './testing/suites.ts'
import { vitestStage } from './testing/tools.ts'

const MINUTE_MS = 60_000

const nothingLeft = nothingLeftStage()
const counts = [await runChecks()]
const real = vitestStage('real', 30 * MINUTE_MS)
for (const stage of [real, languagesStage, oneIdStage, gvisorStage, imagesStage, hostileStage, browserStage, nothingLeft]) {
  counts.push(await runStage(stage))
}

// The last line says it all; whoever runs this by a program reads only that.
const total = sum(counts)
if (total.shaky) process.stdout.write(`${total.shaky} of them only at a second try\n`)
process.stdout.write(`${words(total)}\n`)
process.exitCode = total.failed > 0 ? 1 : 0
