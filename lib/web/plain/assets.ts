import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { PlainAssets } from './document.ts'

/** Where the script of the plain pages is served from. */
export const PLAIN_PREFIX = '/_plain/'

/** What set-up has bundled for the plain pages: the index with its like, or the dashboard. */
export function plainAssets(folder: string, pages: 'plain' | 'dashboard', themeScript: string): PlainAssets {
  const names = readdirSync(folder).filter((name) => name.startsWith(`${pages}-`))
  const script = names.find((name) => name.endsWith('.js'))
  const styles = names.find((name) => name.endsWith('.css'))
  if (script === undefined || styles === undefined) throw new Error(`"${folder}" lacks the script or the styles of "${pages}"`)
  return { script: PLAIN_PREFIX + script, styles: readFileSync(join(folder, styles), 'utf8'), themeScript }
}
