import { flagHelp, flagSource } from '#lib/config/flags.ts'
import { type ConfigProblem, parseConfig } from '#lib/config/options.ts'
import { rootlessWorks } from '#lib/adapters/oci-runtime/host.ts'
import { serveRootless } from './rootless.ts'
import { setUp } from './setup/set-up.ts'

const args = process.argv.slice(2)
if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(`npm start -- [options]\n\n${flagHelp()}\n`)
  process.exit(0)
}

const flags = flagSource(args)
if (!flags.ok) refuse(flags.error)
Object.assign(process.env, flags.value)
const config = parseConfig(process.env)
if (!config.ok) refuse(config.error)

await setUp('start', config.value)
Object.assign(process.env, { NODE_ENV: 'production' })
if (process.getuid?.() !== 0 && rootlessWorks()) await serveRootless()
else await import('../server.ts')

function refuse(problems: readonly ConfigProblem[]): never {
  for (const { name, message } of problems) process.stderr.write(`${name} ${message}\n`)
  process.exit(2)
}
