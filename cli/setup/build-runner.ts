import { existsSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'

import { bunPackage, compileAgent } from './build-agent.ts'
import { hashOf, TOP, unlessDone } from './stamps.ts'

const OUT = join(TOP, '.dragoman/runner')
const SOURCES = [
  'runner/*.ts',
  'agent/{libc,processes}.ts',
  'lib/{protocol,domain}/*.ts',
  'cli/setup/build-*.ts',
  'package-lock.json',
]

/** Where the program of build pods is, for the server that puts it into them. */
export const RUNNER_PATH = join(OUT, 'dragoman-runner')

/** Compiles it with Bun, as the agent is; skipped while its sources have not changed. True when it was done. */
export const buildRunner = (): Promise<boolean> =>
  unlessDone(
    'runner',
    hashOf(SOURCES),
    () => existsSync(RUNNER_PATH),
    async () => {
      await mkdir(OUT, { recursive: true })
      const fresh = `${RUNNER_PATH}.${process.pid}`
      const { path } = await bunPackage()
      compileAgent(path, { entry: 'runner/main.ts', outfile: fresh, version: '' })
      await rename(fresh, RUNNER_PATH)
    },
  )
