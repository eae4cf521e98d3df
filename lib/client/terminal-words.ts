/**
 * An answer that the terminal gives by itself when a program asks who it is or where the cursor stands. While old output
 * is drawn again after a reload, these must not go out: their program asked long ago.
 */
export const isReport = (data: string): boolean =>
  // oxlint-disable-next-line no-control-regex -- escape sequences are what this is about
  /^(?:\x1b\[[?>=]?[\d;]*\$?[cnRtxy]|\x1b\[[IO]|\x1b[\]P_][^]*)$/.test(data)

/**
 * Makes room for a new program: what a killed one may have left switched on goes off (alternate screen, mouse, bracketed
 * paste, hidden cursor, colours), and its text moves up into the scrollback, as erasing does in our terminal.
 */
export const FRESH_SCREEN = '\x1b[?1049l\x1b[?1000;1002;1003;1004;1006;2004l\x1b[?25h\x1b[!p\x1b[0m\x1b[2J\x1b[H'

/** A line from us among the program's own, dim, so that nobody takes it for output. */
export const notice = (words: string): string => `\r\n\x1b[0;2m— ${words} —\x1b[0m\r\n`
