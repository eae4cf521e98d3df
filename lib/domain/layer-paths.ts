const PATH_BYTES_MAX = 4095
const SEGMENT_BYTES_MAX = 255
/** Control bytes, and what stands for text that was no UTF-8. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f\ufffd]/
const bytesOf = (text: string) => new TextEncoder().encode(text).length

/** Why a path cannot be one of a layer; the empty one is the root. */
export function pathProblem(path: string): string | undefined {
  if (UNPRINTABLE.test(path)) return 'it has bytes that are no text'
  if (bytesOf(path) > PATH_BYTES_MAX) return `it is longer than ${PATH_BYTES_MAX} bytes`
  if (path === '') return undefined
  if (path.startsWith('/')) return 'it is absolute'
  for (const segment of path.split('/')) {
    if (segment === '..' || segment === '.' || segment === '') return `"${segment}" is no name`
    if (bytesOf(segment) > SEGMENT_BYTES_MAX) return `a name is longer than ${SEGMENT_BYTES_MAX} bytes`
  }
  return undefined
}

/** Links of Debian's own that lead to where the kernel speaks. */
const KERNEL_LINKS = new Set(['/dev/null', '/dev/shm', '/proc/mounts', '/proc/self/mounts', '/proc/self/fd'])
const KERNEL = /^\/(dev|proc|sys)(\/|$)/

/** Why a symbolic link is refused: one that climbs over the root, or into what is not the image's. */
export function symlinkProblem(path: string, target: string): string | undefined {
  if (target === '') return 'it leads nowhere'
  if (UNPRINTABLE.test(target) || bytesOf(target) > PATH_BYTES_MAX) return 'its target is no path'
  const folder = path.split('/').slice(0, -1)
  const resolved: string[] = target.startsWith('/') ? [] : folder
  for (const segment of target.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') resolved.push(segment)
    else if (resolved.pop() === undefined) return 'it leads out of the image'
  }
  const full = `/${resolved.join('/')}`
  return KERNEL.test(full) && !KERNEL_LINKS.has(full) ? `it leads into "${full}", which is the kernel's` : undefined
}
