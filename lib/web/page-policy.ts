/** Request headers by which the proxy tells the pages what it made up or saw. */
export const NONCE_HEADER = 'x-dragoman-nonce'
export const PATH_HEADER = 'x-dragoman-path'

/**
 * What a page may load: our own files, scripts that carry this page's nonce and what those load, and sockets to where
 * the page came from. Styles may be inline since the terminal writes its own; a style cannot run anything. A form may lead to
 * `formTargets` too, by the redirect that answers it.
 */
export const contentPolicy = (nonce: string, development: boolean, formTargets: readonly string[] = []): string =>
  policy(`'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ''}`, formTargets)

/** The same for a page that is kept and sent to many: its one script within is named by its sha256, in base64. */
export const keptPagePolicy = (scriptHash: string): string => policy(`'self' 'sha256-${scriptHash}'`)

function policy(scripts: string, formTargets: readonly string[] = []): string {
  return [
    "default-src 'self'",
    `script-src ${scripts}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'", // the page's own ws: and wss: are 'self' too
    "worker-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    ["form-action 'self'", ...formTargets].join(' '),
    "frame-ancestors 'none'",
  ].join('; ')
}

/** What every answer carries, a refusal as well as a page. */
export const ANSWER_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), payment=()',
} as const
