import { z } from 'zod'

/** Longest program text or expected output in a config, in characters. */
export const TEXT_CHARS_MAX = 64 * 1024
/** Longest shell command in a config. */
export const COMMAND_CHARS_MAX = 16 * 1024
/** Longest name, sentence or link. */
export const WORDS_CHARS_MAX = 500
/** Longest list in a config. */
export const LIST_MAX = 500
/** Longest regular expression. */
export const PATTERN_CHARS_MAX = 200

// The control characters are the point: they would draw on a terminal or end a line in a log.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/
// oxlint-disable-next-line no-control-regex
const CONTROL_IN_TEXT = /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f]/

/** One line for people: no control characters, none that turn the direction of writing. */
export const words = (max = WORDS_CHARS_MAX) =>
  z
    .string()
    .min(1)
    .max(max)
    .refine((text) => !CONTROL.test(text), 'must be one line without control characters')
    .refine((text) => text.trim() === text, 'must not begin or end with a space')

/** Text of several lines; tab, line ends and escape are the only control characters. */
export const text = (max = TEXT_CHARS_MAX) =>
  z
    .string()
    .max(max)
    .refine((value) => !CONTROL_IN_TEXT.test(value), 'must not hold NUL or other control characters')

export const someText = (max = TEXT_CHARS_MAX) => text(max).min(1)

/** For `/bin/sh -c` inside the sandbox, and nowhere else. */
export const command = () => someText(COMMAND_CHARS_MAX)

/** A name as package managers, commands and people's accounts have them: never an option, never a path upwards. */
export const plainName = (max = 200) =>
  z
    .string()
    .max(max)
    .regex(/^[A-Za-z0-9@_][A-Za-z0-9@._+:/~=^[\],-]*$/, 'must be a plain name')
    .refine((name) => !name.split('/').includes('..'), 'must not hold ".."')

export const list = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(LIST_MAX)

/** A value or a list of them; here an empty list says that there is none. */
export const oneOrMore = <T extends z.ZodType>(item: T) =>
  z.union([item, z.array(item).max(LIST_MAX)], { error: 'must be one such value or a list of them' })

export const link = () => words().regex(/^https?:\/\/[^\s"<>]+$/, 'must be a link that begins with http:// or https://')

/** A file below the home: relative, no step upwards, no hidden way out. */
export const relativePath = (max = 200) =>
  words(max)
    .refine((path) => !path.startsWith('/') && !path.startsWith('~'), 'must be a relative path')
    .refine(
      (path) => !path.split('/').some((part) => part === '' || part === '.' || part === '..'),
      'must not hold "." or ".." or empty parts',
    )
    .refine((path) => path.split('/').length <= 8, 'must not be deeper than 8 folders')

/** What reads these uses no flags, so they are tried without. */
export const pattern = () => text(PATTERN_CHARS_MAX).min(1).refine(compiles, 'must be a regular expression that compiles')

export function compiles(source: string): boolean {
  try {
    return new RegExp(source) instanceof RegExp
  } catch {
    return false
  }
}
