/** What decides whether a browser's page may open a socket here. */
export type OriginQuestion = {
  readonly origin: string | undefined
  /** The Host header, as the outermost proxy saw it. */
  readonly host: string | undefined
  /** Further origins an operator allows, each `scheme://host[:port]`. */
  readonly allowed: readonly string[]
}

/** Only pages served from this very host and port, or from an origin allowed by name; `null` and nothing at all never. */
export function originIsAllowed({ origin, host, allowed }: OriginQuestion): boolean {
  if (!origin || !host || origin === 'null') return false
  if (allowed.includes(origin)) return true
  const parsed = URL.canParse(origin) ? new URL(origin) : undefined
  if (!parsed || parsed.origin !== origin) return false
  return (parsed.protocol === 'http:' || parsed.protocol === 'https:') && parsed.host === canonicalHost(host, parsed.protocol)
}

/** A Host header may spell out the port that its scheme implies. */
function canonicalHost(host: string, protocol: string): string | undefined {
  return URL.canParse(`${protocol}//${host}`) ? new URL(`${protocol}//${host}`).host : undefined
}
