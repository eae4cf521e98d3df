import { z } from 'zod'

/** First parts of addresses that are not languages; no language may be called so. */
export const RESERVED_IDS: ReadonlySet<string> = new Set(
  `_next about account admin agents api apple-touch-icon.png artifacts assets auth builds callback changes
   compare dashboard docs embed events favicon.ico feed graphql healthz help images langs languages login logout
   logs manifest.json mcp metrics new openapi.json privacy public readyz robots.txt sandbox search security.txt
   session sessions settings share signin signout sitemap.xml socket.io static status terms users v2 webhooks
   well-known .well-known`.split(/\s+/),
)

export const LANG_ID_CHARS_MAX = 40

const isFree = (name: string) => !RESERVED_IDS.has(name.toLowerCase())

export const langIdField = z
  .string()
  .max(LANG_ID_CHARS_MAX)
  .regex(/^[a-z0-9+]+$/, 'must be lower-case letters, digits and "+" alone')
  .refine(isFree, 'is a name that the site needs for itself')

/** Another name; found whatever its case, so two that differ by case are the same. */
export const aliasField = z
  .string()
  .max(LANG_ID_CHARS_MAX)
  .regex(/^[^\s/?#%\\"<>\p{Cc}\p{Cf}]+$/u, 'must be one word that can stand in an address')
  .refine((name) => !/^\.+$/.test(name), 'must not be dots alone')
  .refine(isFree, 'is a name that the site needs for itself')
