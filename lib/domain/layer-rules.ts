import type { LayerEntry, LayerFault, LayerLimits } from './layer-entry.ts'
import { pathProblem, symlinkProblem } from './layer-paths.ts'
import { RESERVED, reservedProblem } from './layer-reserved.ts'

type Code = LayerFault['code']
type Tree = Map<string, LayerEntry['kind']>

export type LayerRules = {
  check(entry: LayerEntry): LayerFault | undefined
  /** After the last entry of a layer. */
  layerEnds(): void
  facts(): { readonly entries: number; readonly bytes: number }
  /** The same, to go on apart; between two layers. */
  copy(): LayerRules
}
/** Between two layers. */
type State = {
  readonly below: ReadonlyMap<string, LayerEntry['kind']>
  readonly entries: number
  readonly bytes: number
  readonly isBase: boolean
}
const NOTHING: State = { below: new Map(), entries: 0, bytes: 0, isBase: true }

const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'
const IDS_MAX = 65_535
const SET_UID = 0o4000
const SET_ID = 0o6000

/**
 * The rules for one image: its layers in their order, entry by entry. What the layers make together is known at each
 * entry, so that none can be placed through a link that came before it.
 */
export function layerRules(limits: LayerLimits, from: State = NOTHING): LayerRules {
  const below: Tree = new Map(from.below)
  let [here, whiteouts]: [Tree, Set<string>] = [new Map(), new Set()]
  let { entries, bytes, isBase } = from

  function check(entry: LayerEntry): LayerFault | undefined {
    const { path, kind, size } = entry
    const fault = (code: Code, why: string): LayerFault => ({ code, path, why })
    if (++entries > limits.entriesMax) return fault('too_many', `there are more than ${limits.entriesMax} entries`)
    if (size > limits.fileBytesMax) return fault('too_large', `a file has more than ${limits.fileBytesMax} bytes`)
    if ((bytes += size) > limits.bytesMax) return fault('too_large', `the files have more than ${limits.bytesMax} bytes`)

    const badPath = pathProblem(path)
    if (badPath) return fault('bad_path', badPath)
    if (path === '' && kind !== 'folder') return fault('reserved_path', 'the root has to be a folder')
    if (here.has(path)) return fault('duplicate', 'the layer has it twice')
    if (entry.uid > IDS_MAX || entry.gid > IDS_MAX) return fault('bad_owner', `its owner is ${entry.uid}:${entry.gid}`)
    // A folder's set-group-id only says whose its files become.
    if (entry.mode & (kind === 'folder' ? SET_UID : SET_ID)) return fault('set_id', 'it would lend its owner to whoever runs it')
    const parent = parentsOf(path).find((folder) => (kindOf(folder) ?? 'folder') !== 'folder')
    if (parent !== undefined) return fault('through_link', `"${parent}" is no folder`)
    const reserved = reservedProblem(entry)
    if (reserved) return fault('reserved_path', reserved)

    const name = path.slice(path.lastIndexOf('/') + 1)
    if (name.startsWith(WHITEOUT)) return whiteout(entry, name)
    if (whiteouts.has(path)) return fault('bad_whiteout', 'the layer removes it and has it')
    const badLink = linkProblem(entry)
    if (badLink) return fault('bad_link', badLink)
    here.set(path, kind)
    return undefined
  }

  function linkProblem({ kind, path, target }: LayerEntry): string | undefined {
    if (kind === 'symlink') return symlinkProblem(path, target)
    if (kind !== 'hardlink') return undefined
    const named = here.get(target)
    return named === 'file' || named === 'hardlink' ? undefined : `"${target}" is no file that came before it in the layer`
  }

  function whiteout({ path, kind, size }: LayerEntry, name: string): LayerFault | undefined {
    const fault = (why: string): LayerFault => ({ code: 'bad_whiteout', path, why })
    const folder = parentsOf(path).at(-1) ?? ''
    if (isBase) return fault('there is nothing below the first layer')
    if (kind !== 'file' || size > 0) return fault('it is no empty file')
    if (whiteouts.has(path)) return fault('the layer has it twice')
    if (name === OPAQUE) {
      if (here.get(folder) !== 'folder' || RESERVED.has(folder) || folder === '') return fault('its folder is not for emptying')
      whiteouts.add(path)
      return undefined
    }
    const removed = `${folder && `${folder}/`}${name.slice(WHITEOUT.length)}`
    if (name.startsWith(WHITEOUT + WHITEOUT) || pathProblem(removed)) return fault('it removes nothing that has a name')
    if (RESERVED.has(removed)) return fault('an image has to have that folder')
    if (!below.has(removed)) return fault(`there is no "${removed}" to remove`)
    if (here.has(removed) || whiteouts.has(removed)) return fault('the layer removes it and has it')
    whiteouts.add(removed)
    return undefined
  }

  const kindOf = (path: string) => here.get(path) ?? (whiteouts.has(path) ? undefined : below.get(path))

  return {
    check,
    layerEnds(): void {
      const emptied = [...whiteouts]
        .filter((path) => path.endsWith(`/${OPAQUE}`))
        .map((path) => path.slice(0, -OPAQUE.length - 1))
      const gone = new Set([...whiteouts, ...[...here].flatMap(([path, kind]) => (kind === 'folder' ? [] : path))])
      for (const path of below.keys()) {
        if (gone.has(path) || parentsOf(path).some((folder) => gone.has(folder) || emptied.includes(folder))) below.delete(path)
      }
      for (const [path, kind] of here) below.set(path, kind)
      here = new Map()
      whiteouts = new Set()
      isBase = false
    },
    facts: () => ({ entries, bytes }),
    copy: () => layerRules(limits, { below, entries, bytes, isBase }),
  }
}

/** `a/b/c` has `a` and `a/b`. */
function parentsOf(path: string): string[] {
  const parts = path.split('/')
  return parts.slice(0, -1).map((_, n) => parts.slice(0, n + 1).join('/'))
}
