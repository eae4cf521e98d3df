import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { TOP } from '../setup/stamps.ts'
import { bin, tool } from '../setup/tool.ts'
import { honest, oneIf } from './count.ts'
import { vitestCount, vitestParts } from './reports.ts'
import type { Stage, StageEnd } from './stage.ts'

const MINUTE_MS = 60_000
export const REPORTS = join(TOP, '.dragoman', 'reports')

/** A program that is one test: it ends well or it does not. */
export const toolStage = (name: string, command: string, ...args: string[]): Stage => ({
  name,
  msMax: 3 * MINUTE_MS,
  async run(signal) {
    const { code, output } = await tool(bin(command), args, { signal })
    return { count: oneIf(code === 0), output }
  },
})

/** One of vitest's projects; files of `unit` need no second try, the others get one. */
export const vitestStage = (project: 'unit' | 'real' | 'k8s' | 'faults', msMax: number): Stage => ({
  name: `vitest ${project}`,
  msMax,
  run: (signal) => runVitest(project, [], signal),
  ...(project !== 'unit' && { again: (files, signal) => runVitest(project, files, signal) }),
})

async function runVitest(project: string, files: readonly string[], signal: AbortSignal): Promise<StageEnd> {
  const report = freshReport(`vitest-${project}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { code, output } = await tool(bin('vitest'), ['run', '--project', project, ...reporters, ...files], {
    signal,
    env: { NODE_ENV: 'test', NO_COLOR: '1' },
  })
  return { count: honest(vitestCount(report), code), output, parts: vitestParts(report) }
}

/** Where a report goes; one of an earlier run is not taken for this one's. */
export function freshReport(name: string): string {
  mkdirSync(REPORTS, { recursive: true })
  const path = join(REPORTS, name)
  if (existsSync(path)) rmSync(path)
  return path
}
