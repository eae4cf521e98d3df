import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { bunPackage } from './build-agent.ts'
import { TOP } from './stamps.ts'

/** Where the server finds them; see lib/web/plain/assets.ts. */
const OUT = join(TOP, '.dragoman/plain')
const ENTRIES = ['plain', 'dashboard'].flatMap((name) => [`lib/client/plain/${name}.ts`, `app/styles/${name}.css`])

/** Files from which the pages without a framework get their script and their styles. */
export const PLAIN_SOURCES = [
  'lib/client/plain/*.ts',
  'lib/client/settings.ts',
  'lib/domain/*.ts',
  'app/styles/*.css',
  'cli/setup/build-plain.ts',
  'package-lock.json',
]

export const plainIsThere = (): boolean => existsSync(OUT)

/** Bundles script and styles with Bun, under names that change with their content. */
export async function buildPlain(): Promise<void> {
  const { path } = await bunPackage()
  const fresh = `${OUT}.fresh`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { recursive: true })
  const args = ['build', ...ENTRIES, '--minify', '--target=browser', '--entry-naming=[name]-[hash].[ext]', `--outdir=${fresh}`]
  const { status, stderr, error } = spawnSync(path, args, { cwd: TOP, encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot bundle the script of the plain pages: ${error?.message ?? stderr.trim()}`)
  rmSync(OUT, { recursive: true, force: true })
  renameSync(fresh, OUT)
}
