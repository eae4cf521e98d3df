import { globSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** First parts of the addresses that Next answers beside the languages: its own, those with a page or a handler, files. */
export function takenNames(top: string): ReadonlySet<string> {
  const routes = globSync('*/**/{page,route}.{ts,tsx}', { cwd: join(top, 'app') })
  return new Set(['_next', ...routes.map((path) => path.split('/', 1)[0] ?? ''), ...readdirSync(join(top, 'public'))])
}
