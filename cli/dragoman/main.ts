import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { TOP } from './languages.ts'
import { langs } from './langs.ts'
import { lint } from './lint.ts'
import { parseOptions, USAGE, type Command, type Options } from './options.ts'
import { ignoreClosedOutput, note, result, visibleLine } from './print.ts'
import { test } from './test.ts'

type Run = (options: Options, signal: AbortSignal) => number | Promise<number>

/** What needs the database's client and the stores loads them itself, so that the others start without. */
const RUN: Readonly<Record<Command, Run>> = {
  ...{ test, langs, lint },
  build: async (options, signal) => (await import('./build.ts')).build(options, signal),
  base: async (options, signal) => (await import('./base.ts')).base(options, signal),
  query: async (options) => (await import('./query.ts')).query(options),
  status: async (options) => (await import('./deploy.ts')).status(options),
  promote: async (options) => (await import('./deploy.ts')).promote(options),
  rollback: async (options) => (await import('./deploy.ts')).rollback(options),
  builds: async (options) => (await import('./builds.ts')).builds(options),
  logs: async (options, signal) => (await import('./logs.ts')).logs(options, signal),
  cancel: async (options) => (await import('./builds.ts')).cancel(options),
  retry: async (options) => (await import('./builds.ts')).retry(options),
  agent: async (options, signal) => (await import('./agent.ts')).agent(options, signal),
  backup: async (options, signal) => (await import('./backup.ts')).backup(options, signal),
  restore: async (options, signal) => (await import('./backup.ts')).restore(options, signal),
  verify: async (options, signal) => (await import('./backup.ts')).verify(options, signal),
  migrate: async (options, signal) => (await import('./migrate.ts')).migrate(options, signal),
  prepull: async () => (await import('./prepull.ts')).prepull(),
  login: async (options) => (await import('../server/login.ts')).login(options),
  'admin-link': async (options) => (await import('./admin-link.ts')).adminLink(options),
  image: async (options, signal) => (await import('./image.ts')).image(options, signal),
}

/** A command that was told to stop has this long to tidy up before a second word ends it at once. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

ignoreClosedOutput()
process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const asked = parseOptions(args)
  if (!asked.ok) {
    note(`dragoman: ${visibleLine(asked.error)}\n\n${USAGE}`)
    return 2
  }
  if (asked.value.kind === 'help') return say(USAGE)
  if (asked.value.kind === 'version') return say(version())
  return command(asked.value.command, asked.value.options)
}

async function command(name: Command, options: Options): Promise<number> {
  const stop = new AbortController()
  let told: number | undefined
  for (const [signal, status] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      if (told !== undefined) process.exit(told)
      told = status
      stop.abort(new Error(`Stopped by ${signal}`))
    })
  }
  try {
    const there =
      options.server === undefined ? undefined : (await import('../server/on-server.ts')).onServer(name, options, stop.signal)
    const status = await (there ?? RUN[name](options, stop.signal))
    return told ?? status
  } catch (error) {
    if (told === undefined) note(`dragoman: ${visibleLine(error instanceof Error ? error.message : String(error))}`)
    return told ?? 1
  }
}

function say(text: string): number {
  result(text)
  return 0
}

function version(): string {
  const { version } = JSON.parse(readFileSync(join(TOP, 'package.json'), 'utf8')) as { version: string }
  return version
}
