import { openDatabase } from '../adapters/pg/database.ts'
import { errorText } from '../application/ports/log.ts'
import { type BuilderParts, startBuilder } from './builder.ts'

/** Nobody's prompt waits for a build. */
const DATABASE_MS_MAX = 10_000
const RETRY_MS = 5000

/** A builder with connections of its own, that comes when the database does, and takes nothing else down with it. */
export function keepBuilding(parts: Omit<BuilderParts, 'database'>, url: string): { stop(): Promise<void> } {
  const handle = openDatabase({ url, timeoutMs: DATABASE_MS_MAX })
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  let starting = start()

  async function start() {
    try {
      return await startBuilder({ ...parts, database: { url, handle } })
    } catch (error) {
      parts.log.warn('nothing is built yet', { error: errorText(error) })
      if (!stopped) timer = setTimeout(() => void (starting = start()), RETRY_MS)
      return undefined
    }
  }
  return {
    async stop() {
      stopped = true
      clearTimeout(timer)
      await (await starting)?.stop()
      await handle.close()
    },
  }
}
