declare const checked: unique symbol

/** Text that stands in a document as it is. Made only by {@link html}, which escapes, and {@link trusted}. */
export type Html = { readonly text: string; readonly [checked]: true }

type Value = string | number | Html | undefined | false | readonly Value[]

/** A piece of a document. Whatever is put in is text and escaped, unless it is such a piece itself; absent things are nothing. */
export const html = (parts: TemplateStringsArray, ...values: readonly Value[]): Html =>
  trusted(parts.map((part, at) => part + (at < values.length ? textOf(values[at]) : '')).join(''))

/** For what is ours and has nobody's text in it: the style sheet, a script. */
export const trusted = (text: string): Html => ({ text }) as Html // the cast: this is the one constructor

function textOf(value: Value): string {
  if (value === undefined || value === false) return ''
  if (typeof value === 'string' || typeof value === 'number') return escaped(`${value}`)
  return 'text' in value ? value.text : value.map(textOf).join('')
}

/** Fit for text and for an attribute within either kind of quotes. */
const escaped = (text: string) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** Data for a script of the page; no `<` is left in it that could end the element it stands in. */
export const json = (data: unknown): Html => trusted(JSON.stringify(data).replaceAll('<', '\\u003c'))
