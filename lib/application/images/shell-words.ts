/** One word of a shell, whatever it holds. */
export const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/** A word in which `*`, `?` stand for other characters; all else stands for itself. */
export const quotedPattern = (pattern: string): string =>
  pattern
    .split(/([*?]+)/)
    .filter((part) => part !== '')
    .map((part) => (/^[*?]+$/.test(part) ? part : quoted(part)))
    .join('')
