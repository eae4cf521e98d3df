import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { whiteoutOf } from '#lib/domain/tree-changes.ts'

/** Whiteouts as files in a folder of their own, for tar to take from there. */
export async function whiteoutsIn(parent: string, removed: readonly string[]) {
  const folder = await mkdtemp(join(parent, 'whiteouts-'))
  const names = removed.map(whiteoutOf)
  for (const name of names) {
    await mkdir(bytesOf(folder, dirname(name)), { recursive: true })
    await writeFile(bytesOf(folder, name), '', { mode: 0o644 })
  }
  return { folder, names, remove: () => rm(folder, { recursive: true }) }
}

const bytesOf = (folder: string, path: string) => Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(path, 'latin1')])
