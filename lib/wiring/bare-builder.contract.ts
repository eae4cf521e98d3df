import { memoryLog } from '#lib/adapters/memory/log.ts'
import { openDatabase } from '#lib/adapters/pg/database.ts'
import { absentSandboxes } from '#lib/application/ports/absent-sandboxes.ts'
import { parseConfig } from '#lib/config/options.ts'
import { TOP } from '../../cli/setup/stamps.ts'
import { startBuilder } from './builder.ts'

/** A builder as in a server, as the environment says, and nothing beside it; always of the same name. */
const parsed = parseConfig(process.env)
if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
const { databaseUrl: url = '' } = parsed.value
await startBuilder({
  ...{ config: parsed.value, top: TOP, dataDir: parsed.value.dataDir, instance: 'bare' },
  database: { url, handle: openDatabase({ url, timeoutMs: 10_000 }) },
  sandboxes: absentSandboxes,
  roots: { hold: () => Promise.reject(new Error('Nothing is tested here')) },
  metrics: { count() {}, observe() {}, set() {} },
  log: memoryLog(),
})
process.stdout.write('at work\n')
