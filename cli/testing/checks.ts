import { type Count, sum } from './count.ts'
import { runStage } from './stage.ts'
import { toolStage, vitestStage } from './tools.ts'

const MINUTE_MS = 60_000

/** What needs neither network nor sandbox, in two rows beside each other: the machine may have no more processors. */
const ROWS = [
  [
    toolStage('tsc', 'tsc', '--noEmit', '-p', 'tsconfig.json'),
    toolStage('tsc agent', 'tsc', '--noEmit', '-p', 'agent/tsconfig.json'),
    toolStage('tsc runner', 'tsc', '--noEmit', '-p', 'runner/tsconfig.json'),
    toolStage('knip', 'knip', '--no-progress', '--no-config-hints'),
  ],
  [toolStage('oxlint', 'oxlint', '--deny-warnings'), toolStage('oxfmt', 'oxfmt', '--check'), vitestStage('unit', 3 * MINUTE_MS)],
]

export async function runChecks(): Promise<Count> {
  const counts = await Promise.all(
    ROWS.map(async (row) => {
      const done: Count[] = []
      for (const stage of row) done.push(await runStage(stage))
      return sum(done)
    }),
  )
  return sum(counts)
}
