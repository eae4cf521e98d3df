import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'

import { ownServer } from '../../own-server.ts'

const run = promisify(execFile)
const TOP = resolve(import.meta.dirname, '../../..')
const NAME = 'bench-noop'
const TIMES = 5

/** How long `npx dragoman build` takes for a language that is built already, beside a server that builds. In ms each. */
export async function noopBuilds(lang: string): Promise<number[]> {
  const server = await ownServer(NAME, { DRAGOMAN_BUILDER: 'auto' })
  const env = { ...process.env, DRAGOMAN_DATA_DIR: `.dragoman/${NAME}` }
  const build = () => run('cli/dragoman.mjs', ['build', lang], { cwd: TOP, env })
  try {
    await build()
    const took: number[] = []
    for (let n = 0; n < TIMES; n++) {
      const from = performance.now()
      await build()
      took.push(performance.now() - from)
    }
    return took
  } finally {
    await server.stop()
  }
}
