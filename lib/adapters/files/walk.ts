import { opendir } from 'node:fs/promises'
import { join } from 'node:path'

import { absentIsUndefined } from './fs.ts'

/** Every path below that is no folder; links are not followed. What goes away meanwhile is left out. */
export async function* filesBelow(folder: string): AsyncGenerator<string> {
  const entries = await absentIsUndefined(opendir(folder))
  for await (const entry of entries ?? []) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else yield path
  }
}
