import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import type { Attack } from './attack.ts'
import { ENTRIES, throughTool, TOOL_LANG, type Entry } from './tool.ts'

const FOLDER = join(import.meta.dirname, 'rows')
const FILE = /^(\d+)-([a-z0-9-]+)\.ts$/

export type Row = { readonly name: string; readonly attack: Attack }

/** Every row there is, by number; a file's name says which it is. */
export async function loadRows(): Promise<Row[]> {
  const rows = await Promise.all(
    readdirSync(FOLDER).map(async (file) => {
      const [, number, name = ''] = FILE.exec(file) ?? []
      const { attack } = (await import(join(FOLDER, file))) as { attack: Attack }
      if (attack.number !== Number(number)) throw new Error(`${file} holds attack ${attack.number}`)
      return { name, attack }
    }),
  )
  return [...rows, ...rows.flatMap(throughTools)].sort((a, b) => a.attack.number - b.attack.number)
}

const NAMES: Readonly<Record<Entry, string>> = { format: 'formatted', lsp: 'served' }

function throughTools({ name, attack }: Row): Row[] {
  const { through } = attack
  if (through === undefined) return []
  return ENTRIES.map((entry, n) => ({
    name: `${name}-${NAMES[entry]}`,
    attack: {
      ...attack,
      number: 100 * (n + 1) + attack.number,
      lang: TOOL_LANG,
      quick: through === 'quick',
      act: (actor, scene) => attack.act(throughTool(entry, actor), scene),
    },
  }))
}
