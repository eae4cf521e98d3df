import { readFileSync } from 'node:fs'
import { join } from 'node:path'

type Entry = {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
type Lock = { readonly packages: Readonly<Record<string, Entry>> }

/** Only what the pages are made of, and what makes them: it is in the built pages already. */
const MAKES_PAGES =
  /^(?:@codemirror|@lezer|@replit|@xterm|@img)\/|^@next\/swc-|^(?:prisma|sharp|caniuse-lite|baseline-browser-mapping)$/

/**
 * Folders below node_modules of every package that the running server may load: what package.json names as a dependency, and
 * what those need. A new dependency is among them unless it is one that pages are made of.
 */
export function productionPackages(lock: Lock): readonly string[] {
  const root = lock.packages['']
  const found = new Set<string>()
  const waiting = Object.keys(root?.dependencies ?? {}).map((name) => ({ name, from: '' }))
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { name, from } = next
    const path = MAKES_PAGES.test(name) ? undefined : nearest(lock, name, from)
    if (path === undefined || found.has(path)) continue
    found.add(path)
    const { dependencies, optionalDependencies } = lock.packages[path] ?? {}
    waiting.push(...Object.keys({ ...dependencies, ...optionalDependencies }).map((needed) => ({ name: needed, from: path })))
  }
  return [...found].toSorted()
}

export const readLock = (top: string): Lock => JSON.parse(readFileSync(join(top, 'package-lock.json'), 'utf8')) as Lock

/** As Node looks for it: beside the package that asks, then further up. */
function nearest({ packages }: Lock, name: string, from: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (packages[path]) return path
    if (folder === '') return undefined // optional, and not for this platform
  }
}
