/** Text of the last line that the pattern is tried on, in characters. */
export const PROMPT_TEXT_MAX = 200
// More than the text, since the escapes that colour it are cut out only afterwards.
const TAIL_BYTES = 1024

const ESC = '\u001b'
const BEL = '\u0007'
const ESCAPES = new RegExp(
  `${ESC}(?:\\[[0-?]*[ -/]*[@-~]|\\][^${BEL}${ESC}]*(?:${BEL}|${ESC}\\\\)|[ -/]+[0-~]|[0-Z\\\\^-~])`,
  'g',
)

/** Watches a job's output for the language's prompt at its very end. A hint: any program can print the same. */
export class PromptWatch {
  readonly #pattern: RegExp
  #tail = ''

  constructor(pattern: string) {
    this.#pattern = new RegExp(pattern)
  }

  /** Whether the output, these bytes included, now ends in the prompt. */
  sees(bytes: Uint8Array): boolean {
    const last = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(-TAIL_BYTES).toString('latin1')
    this.#tail = (this.#tail + last).slice(-TAIL_BYTES)
    const text = Buffer.from(lastLine(this.#tail), 'latin1').toString()
    return text !== '' && this.#pattern.test(text)
  }
}

/** What stands in the last line, as far as it can be told without a screen: a carriage return begins it anew. */
export function lastLine(output: string): string {
  const line = output.slice(output.lastIndexOf('\n') + 1).replace(ESCAPES, '')
  const ends = line.replace(/\r+$/, '')
  return ends.slice(ends.lastIndexOf('\r') + 1).slice(-PROMPT_TEXT_MAX)
}
