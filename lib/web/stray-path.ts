/**
 * Paths that must not reach the pages as they are: Next would take `/%2e%2e` for `/`, and answer a broken escape with a
 * 500. Says the status they deserve; undefined for every other path, which the pages answer themselves.
 */
export function strayPath(pathname: string): 400 | 404 | undefined {
  if (/[\0-\x20\x7f\\]|%00/.test(pathname)) return 400
  try {
    const parts = decodeURIComponent(pathname).split(/[/\\]/)
    return parts.some((part) => part === '.' || part === '..') ? 404 : undefined
  } catch {
    return 400 // a lone % or bytes that are not UTF-8
  }
}
