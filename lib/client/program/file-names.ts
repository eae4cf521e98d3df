import { isFileName } from '#lib/domain/file-name.ts'
import { FILES_MAX } from '#lib/protocol/sizes.ts'

/** Why a file may not be called that beside the others; undefined when it may. `others` are without the one that is renamed. */
export function whyNotName(path: string, others: readonly string[]): string | undefined {
  if (path === '') return 'A file needs a name'
  if (!isFileName(path)) return 'That file name cannot be used'
  if (others.includes(path)) return 'There is a file of this name'
  if (others.some((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`)))
    return 'A file and a folder cannot have the same name'
  return others.length >= FILES_MAX ? `A program has ${FILES_MAX} files at most` : undefined
}

/** A name for a new file, such as `file2.py` beside `main.py`. */
export function freshName(paths: readonly string[]): string {
  const ending = endingOf(paths[0] ?? '')
  const free = (n: number): string => (paths.includes(`file${n}${ending}`) ? free(n + 1) : `file${n}${ending}`)
  return free(paths.length + 1)
}

/** With the dot; empty where there is none. */
export function endingOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(dot) : ''
}
