/** Longest address that is opened; browsers cut not far beyond. */
export const LINK_CHARS_MAX = 2_000

/** The address a click may lead to: of the web, without a name and password in it. Anything else leads nowhere. */
export function webAddress(text: string): string | undefined {
  if (text.length > LINK_CHARS_MAX || !URL.canParse(text)) return undefined
  const { protocol, username, password, href } = new URL(text)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '' ? href : undefined
}

/** Opens an address that a program printed, in a tab that knows nothing of ours. */
export function openAddress(address: string): void {
  window.open(address, '_blank', 'noopener,noreferrer')
}
