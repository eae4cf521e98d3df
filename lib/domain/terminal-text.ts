/** Of the last line, what a prompt's pattern is tried on, in characters. */
export const PROMPT_CHARS_MAX = 200

const ESC = '\u001b'
const BEL = '\u0007'
const ESCAPES = new RegExp(`${ESC}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)|[ -/]*[0-~])`, 'g')

/** What a terminal printed, as text: escapes cut out, the line ends of a terminal made plain. */
export const plainText = (output: string) => output.replace(ESCAPES, '').replace(/\r+\n/g, '\n')

/** Whether plain text ends in a language's prompt. A hint, since any program can print the same. */
export function endsInPrompt(text: string, prompt: string): boolean {
  const line = text.slice(text.lastIndexOf('\n') + 1)
  const current = line.slice(line.lastIndexOf('\r') + 1).slice(-PROMPT_CHARS_MAX)
  return current !== '' && new RegExp(prompt).test(current)
}
