import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { loadLanguages } from '#lib/adapters/lang-files/load-languages.ts'
import { type Config, parseConfig } from '#lib/config/options.ts'
import { buildAgent } from './build-agent.ts'
import { buildRunner } from './build-runner.ts'
import { buildPlain, PLAIN_SOURCES, plainIsThere } from './build-plain.ts'
import { installLanguageTools } from './language-tools.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { absentLanguages, installPackages, wantedPackages } from './packages.ts'
import { say, step } from './progress.ts'
import { hashOf, TOP, unlessDone } from './stamps.ts'
import { bin, mustRun } from './tool.ts'

/**
 * What the set-up is for: a server that people see, one of our own (bench, hostile programs), the tests, the checks; or an image
 * of the server, which runs nothing on this machine.
 */
export type Goal = 'start' | 'serve' | 'test' | 'check' | 'image'

/** Files from which the pages are made. */
const PAGE_SOURCES = [
  'app/**',
  'public/**',
  'lib/{client,domain,protocol,web,application}/**/*.{ts,tsx}',
  '{next.config.js,proxy.ts,tsconfig.json}',
  'package-lock.json',
]
const CLIENT_SOURCES = ['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json']

/** Everything between the packages and the goal. What was done for the same inputs is not done again. */
export const setUp = (goal: Goal, config = defaults()): Promise<void> => oneAtATime(() => steps(goal, config))

async function steps(goal: Goal, config: Config): Promise<void> {
  if (goal !== 'check' && goal !== 'image') {
    const { languages } = loadLanguages([join(TOP, 'langs'), ...(config.configs ? [config.configs] : [])])
    await step('Debian packages', () => installPackages(config, wantedPackages(goal === 'test', languages)))
    await step('Language tools', () => installLanguageTools(goal !== 'test'))
    const absent = goal === 'start' ? await absentLanguages(languages) : undefined
    if (absent) say(absent)
  }
  // Recipes get npm of it.
  if (goal === 'image') await step('Language tools', () => installLanguageTools(false))
  await step('Database client', generateClient)
  if (goal === 'check') return
  await step('Agent', async () => `version ${(await buildAgent()).version}`)
  await step('Runner', async () => ((await buildRunner()) ? 'built' : 'up to date'))
  await step('Plain pages', buildPlainPages)
  if (!config.nextDev) await step('Pages', buildPages)
}

/** Prisma's code for our tables. Its command looks for an engine that nothing here uses; any program will do. */
async function generateClient(): Promise<string> {
  const isThere = () => existsSync(join(TOP, 'prisma/generated/client.ts'))
  const env = { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath }
  const done = await unlessDone('prisma', hashOf(CLIENT_SOURCES), isThere, () => mustRun(bin('prisma'), ['generate'], { env }))
  return done ? 'generated' : 'up to date'
}

async function buildPlainPages(): Promise<string> {
  return (await unlessDone('plain', hashOf(PLAIN_SOURCES), plainIsThere, buildPlain)) ? 'built' : 'up to date'
}

async function buildPages(): Promise<string> {
  const isThere = () => existsSync(join(TOP, '.next/BUILD_ID'))
  const env = { NODE_ENV: 'production' }
  const done = await unlessDone('pages', hashOf(PAGE_SOURCES), isThere, () => mustRun(bin('next'), ['build'], { env }))
  return done ? 'built' : 'up to date'
}

function defaults(): Config {
  const config = parseConfig(process.env)
  if (config.ok) return config.value
  throw new Error(config.error.map(({ name, message }) => `${name} ${message}`).join('\n'))
}
