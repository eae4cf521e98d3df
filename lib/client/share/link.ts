import { err, ok, type Result } from '#lib/domain/result.ts'

import type { Program } from '../program/program.ts'
import { programFromJson, programToJson } from '../program/program-json.ts'
import { fromBase64url, toBase64url } from './base64url.ts'
import { deflate, inflate } from './deflate.ts'

/** Longer addresses are cut by what people paste them into. */
export const LINK_CHARS_MAX = 32 * 1024
/** Twice what one run may hold. */
export const LINKED_BYTES_MAX = 512 * 1024

export type LinkTooLong = { readonly code: 'link_too_long'; readonly chars: number; readonly max: number }
export type BadLink =
  | { readonly code: 'link_damaged' }
  | { readonly code: 'link_too_large' }
  | { readonly code: 'link_newer'; readonly version: number }
  | { readonly code: 'link_elsewhere'; readonly lang: string }

/**
 * The part of an address behind its `#` that holds a whole program: `1.` and, in base64url, the deflated JSON of
 * `{lang, files, args?, flags?, input?}`. No server sees or keeps it. The form of version 1 is frozen: links live for ever.
 */
export async function linkPart(lang: string, program: Program): Promise<Result<string, LinkTooLong>> {
  const json = new TextEncoder().encode(JSON.stringify({ lang, ...programToJson(program) }))
  const part = `1.${toBase64url(await deflate(json))}`
  return part.length <= LINK_CHARS_MAX ? ok(part) : err({ code: 'link_too_long', chars: part.length, max: LINK_CHARS_MAX })
}

export async function readLinkPart(part: string, lang: string, main: string): Promise<Result<Program, BadLink>> {
  const [, version = '', body = ''] = /^(\d{1,9})\.(.*)$/s.exec(part) ?? []
  if (Number(version) > 1) return err({ code: 'link_newer', version: Number(version) })
  const packed = version === '1' && part.length <= LINK_CHARS_MAX ? fromBase64url(body) : undefined
  if (!packed) return err({ code: 'link_damaged' })
  const json = await inflate(packed, LINKED_BYTES_MAX)
  if (json === 'too_large') return err({ code: 'link_too_large' })
  const value = json === 'damaged' ? undefined : parsed(json)
  const program = programFromJson(value, main)
  if (!program) return err({ code: 'link_damaged' })
  const { lang: made } = value as { lang?: unknown }
  return typeof made === 'string' && made !== lang ? err({ code: 'link_elsewhere', lang: made }) : ok(program)
}

function parsed(json: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
  } catch {
    return undefined
  }
}

/** What to say of a link that cannot be opened. */
export function badLinkWords(bad: BadLink): string {
  switch (bad.code) {
    case 'link_damaged':
      return 'This link is damaged: a part of it is missing or was changed on the way. Your own text is shown.'
    case 'link_too_large':
      return 'This link holds more than a program may. Your own text is shown.'
    case 'link_newer':
      return `This link was made by a newer release (its form is ${bad.version}, this page knows 1). Your own text is shown.`
    case 'link_elsewhere':
      return `This link holds a program of another language (${bad.lang.slice(0, 40)}). Your own text is shown.`
    default:
      return bad satisfies never
  }
}
