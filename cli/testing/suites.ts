import { rmSync } from 'node:fs'
import { join } from 'node:path'

import { ownServer } from '../own-server.ts'
import { TOP } from '../setup/stamps.ts'
import { bin, tool, type ToolOptions } from '../setup/tool.ts'
import { honest, oneIf } from './count.ts'
import { leftSince, traces } from './leftovers.ts'
import { buildsCount, buildsParts, languagesCount, languagesParts, playwrightCount, printedCount } from './reports.ts'
import type { Stage, StageEnd } from './stage.ts'
import { freshReport } from './tools.ts'

const MINUTE_MS = 60_000
const IMAGES_DATA_DIR = '.dragoman/test-images'
const OWN_DATA_DIRS = ['test', 'e2e', 'full-house', 'workshop', 'hostile', 'test-k8s'].map((name) => `.dragoman/${name}`)
const DATA_DIRS = ['.dragoman', ...OWN_DATA_DIRS, IMAGES_DATA_DIR]
const command = (args: readonly string[], options: ToolOptions) => tool(process.execPath, args, options)

/** Every language's own checks, as a visitor would do them. */
export const languagesStage: Stage = {
  name: 'languages',
  msMax: 10 * MINUTE_MS,
  run: (signal) => testLanguages([], { signal }),
  again: (langs, signal) => testLanguages(langs, { signal }),
}

/** Some of them by the other runtime, whose kernel is a program of its own. */
export const gvisorStage: Stage = {
  name: 'languages in gVisor',
  msMax: 5 * MINUTE_MS,
  run: (signal) => testLanguages(['python', 'bash', 'c'], { signal, env: { DRAGOMAN_RUNTIME: 'runsc' } }),
  again: (langs, signal) => testLanguages(langs, { signal, env: { DRAGOMAN_RUNTIME: 'runsc' } }),
}

async function testLanguages(langs: readonly string[], options: ToolOptions): Promise<StageEnd> {
  const { code, output, stdout } = await command([join(TOP, 'cli/dragoman/main.ts'), 'test', ...langs, '--json'], options)
  return { count: honest(languagesCount(stdout), code), output, parts: languagesParts(stdout) }
}

/** Some of them as a restricted pod runs them, where the agent's own filter holds: what asks most of a kernel. */
export const oneIdStage: Stage = {
  name: 'languages under one id',
  msMax: 5 * MINUTE_MS,
  run: (signal) => testLanguages(['go', 'java', 'erlang', 'c'], { signal, env: { DRAGOMAN_ONE_ID: 'true' } }),
  again: (langs, signal) => testLanguages(langs, { signal, env: { DRAGOMAN_ONE_ID: 'true' } }),
}

/** A few languages from their configs to green checks on images: of Debian's packages and of npm. */
export const imagesStage: Stage = {
  name: 'languages on images',
  msMax: 6 * MINUTE_MS,
  run: (signal) => buildLanguages(['brainfuck', 'dc', 'lua', 'befunge'], signal),
  again: (langs, signal) => buildLanguages(langs, signal),
}

/** In a workshop of its own, which has built nothing yet; what it made is kept only where it is of use, after a failure. */
async function buildLanguages(langs: readonly string[], signal: AbortSignal): Promise<StageEnd> {
  rmSync(join(TOP, IMAGES_DATA_DIR), { recursive: true, force: true })
  const env = { DRAGOMAN_DATA_DIR: IMAGES_DATA_DIR }
  const { code, output, stdout } = await command([join(TOP, 'cli/dragoman/main.ts'), 'build', ...langs, '--json'], {
    signal,
    env,
  })
  return { count: honest(buildsCount(stdout), code), output, parts: buildsParts(stdout) }
}

/** The short half of the hostile programs. No second try: what gets out once has got out. */
export const hostileStage: Stage = {
  name: 'hostile programs',
  msMax: 9 * MINUTE_MS,
  async run(signal) {
    const { code, output } = await command([join(TOP, 'e2e/hostile/main.ts'), '--quick'], { signal })
    return { count: honest(printedCount(output), code), output }
  },
}

/** What a person does, in a real browser. */
export const browserStage: Stage = {
  name: 'browser',
  msMax: 12 * MINUTE_MS,
  async run(signal) {
    const report = freshReport('playwright.json')
    const server = await ownServer('e2e', {
      DRAGOMAN_SESSIONS_PER_ADDRESS: '100',
      DRAGOMAN_STARTS_PER_MINUTE_PER_ADDRESS: '6000',
    })
    try {
      const env = { DRAGOMAN_URL: server.url, PLAYWRIGHT_JSON_OUTPUT_NAME: report, NO_COLOR: '1' }
      const { code, output } = await tool(bin('playwright'), ['test', '--reporter=list,json'], { signal, env })
      return { count: honest(playwrightCount(report), code), output: `${output}\n${server.log()}` }
    } finally {
      await server.stop()
    }
  },
}

/** Made before anything else runs, to be run after everything else. */
export function nothingLeftStage(): Stage {
  const before = traces(DATA_DIRS)
  return {
    name: 'nothing left behind',
    msMax: 2 * MINUTE_MS,
    async run() {
      const left = await leftSince(before, DATA_DIRS)
      return { count: oneIf(left.length === 0), output: left.join('\n') }
    },
  }
}
