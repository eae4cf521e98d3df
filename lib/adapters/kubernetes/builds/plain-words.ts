const WORDS_CHARS_MAX = 500

/** One line of what a cluster says. Some of it was said by programs: nothing of it moves a terminal's cursor. */
export const plainWords = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, WORDS_CHARS_MAX)
