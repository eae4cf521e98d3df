/** What of a server's Markdown is drawn; of any other element only its text. */
const KEPT = new Set(
  'p,pre,code,ul,ol,li,em,strong,b,i,s,del,h1,h2,h3,h4,h5,h6,blockquote,hr,br,a,span,table,thead,tbody,tr,th,td,kbd,sub,sup'.split(
    ',',
  ),
)
/** Whose text is not for reading either. */
const SILENT = /<(script|style|template|iframe|svg|math|title|textarea|noscript)\b[^<>]*>.*?(?:<\/\1\s*>|$)/gis
const PARTS = /<!--.*?(?:-->|$)|<(\/?)([a-z][a-z0-9]*)\b([^<>]*)>|[<>]/gis

/**
 * Rewrites a piece of HTML so that it can do nothing but be read. It is not parsed by the browser before: that would
 * report each handler in it, though it ran none. What comes out is made of tags of the list, without attributes but the
 * address of a link, which must be http or https and opens apart, and of text in which nothing begins a tag.
 */
export const safeHtml = (html: string): string =>
  html
    .replaceAll(SILENT, '')
    .replaceAll(PARTS, (part, slash: string | undefined, name: string | undefined, attributes: string | undefined) => {
      const tag = name?.toLowerCase()
      if (part === '<') return '&lt;'
      if (part === '>') return '&gt;'
      if (tag === undefined || !KEPT.has(tag)) return ''
      return slash === '/' ? `</${tag}>` : `<${tag}${kept(tag, attributes ?? '')}>`
    })

function kept(tag: string, attributes: string): string {
  if (tag === 'a') return lead(valueOf('href', attributes))
  // Of our own highlighting; the page's classes are not for a server to use.
  const names =
    tag === 'span'
      ? valueOf('class', attributes)
          .split(/\s+/)
          .filter((name) => /^(?:ͼ|tok-)[\w-]*$/.test(name))
      : []
  return names.length === 0 ? '' : ` class="${names.join(' ')}"`
}

function lead(address: string): string {
  const url = URL.parse(address)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return ''
  return ` href="${escaped(url.href)}" target="_blank" rel="noopener noreferrer nofollow"`
}

function valueOf(name: string, attributes: string): string {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`, 'i').exec(attributes)?.[1] ?? ''
  return value
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
