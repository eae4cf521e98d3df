/** In UTF-8. */
export const FILE_NAME_BYTES_MAX = 200

/** A path within the home: relative, each part a plain name, nothing in it that a terminal would obey. */
export function isFileName(path: string): boolean {
  const bytes = new TextEncoder().encode(path).length
  if (bytes === 0 || bytes > FILE_NAME_BYTES_MAX || hasControl(path)) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

const hasControl = (text: string) => [...text].some((char) => char < ' ' || (char >= '\u007f' && char < '\u00a0'))
