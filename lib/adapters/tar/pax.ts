import type { LayerFault } from '#lib/domain/layer-entry.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

export type Pax = { path?: string; linkpath?: string; size?: number; uid?: number; gid?: number }
const TEXTS = ['path', 'linkpath'] as const
const NUMBERS = ['size', 'uid', 'gid'] as const
/** They say nothing that is used. */
const IGNORED = new Set(['mtime', 'atime', 'ctime', 'uname', 'gname'])

/** `27 path=a/long/name/of/a/file` and a newline, again and again; the number counts all of the record. */
export function parsePax(bytes: Buffer): Result<Pax, Omit<LayerFault, 'path'>> {
  const pax: Pax = {}
  const seen = new Set<string>()
  const bad = (why: string) => err({ code: 'bad_archive' as const, why: `an extended header ${why}` })
  for (let at = 0; at < bytes.length;) {
    const [digits] = /^[1-9]\d{0,5}(?= )/.exec(bytes.toString('latin1', at, at + 7)) ?? []
    const end = at + Number(digits)
    if (!digits || end > bytes.length || bytes[end - 1] !== 0x0a) return bad('has a record without an end')
    const record = bytes.toString('utf8', at + digits.length + 1, end - 1)
    const equals = record.indexOf('=')
    const [key, value] = [record.slice(0, equals), record.slice(equals + 1)]
    if (equals < 1 || seen.has(key)) return bad('says a thing twice, or nothing')
    seen.add(key)
    at = end

    const [text, number] = [TEXTS.find((each) => each === key), NUMBERS.find((each) => each === key)]
    if (key.startsWith('SCHILY.xattr.') || key.startsWith('LIBARCHIVE.xattr.') || key.startsWith('SCHILY.acl.')) {
      return err({ code: 'extended_attribute', why: `it has "${key}"` })
    }
    if (text) pax[text] = value
    else if (number) {
      if (!/^\d{1,15}$/.test(value)) return bad(`has a number that is none: ${key}`)
      pax[number] = Number(value)
    } else if (!IGNORED.has(key)) return bad(`has "${key.slice(0, 100)}"`)
  }
  return ok(pax)
}
