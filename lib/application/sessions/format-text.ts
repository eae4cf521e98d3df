import type { Problem } from '#lib/domain/problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { CODE_BYTES_MAX } from '#lib/protocol/sizes.ts'

import { collectTask, type Collected } from './collect-task.ts'
import type { Tasks } from './tasks.ts'

/** A formatter that takes longer has lost its reader. */
export const FORMAT_TIME_MS = 10_000
/** Of what it says when it refuses, in characters. */
export const FORMAT_WORDS_MAX = 4_000

/**
 * What the language's formatter makes of the text. Only an answer that is sure to be the whole of it is given: a
 * formatter that ends badly, gives nothing back or no text at all has failed.
 */
export async function formatText(tasks: Tasks, format: string, text: string): Promise<Result<{ text: string }, Problem>> {
  const input = Buffer.from(text)
  if (input.length > CODE_BYTES_MAX) return err({ code: 'code_too_large', max: CODE_BYTES_MAX })
  // Its input is a pipe and no socket, so that formatters which open /dev/stdin can.
  const command = `cat | (\n${format}\n)`
  const ended = await collectTask(tasks, { command, input, timeMs: FORMAT_TIME_MS, errorsApart: true })
  if (!ended.ok) return ended
  if (ended.value.timedOut) return err({ code: 'format_too_slow' })
  const formatted = utf8(ended.value.output)
  const { code, outputSpent } = ended.value
  if (code !== 0 || outputSpent || formatted === undefined) return failed(wordsOf(ended.value))
  if (formatted.trim() === '' && text.trim() !== '') return failed('The formatter gave nothing back')
  if (Buffer.byteLength(formatted) > CODE_BYTES_MAX) return failed('The formatted text is too large')
  return ok({ text: formatted })
}

const failed = (output: string) => err({ code: 'format_failed', output } as const)

function wordsOf({ errors = '', output, code, signal, outputSpent }: Collected): string {
  const said = errors.trim() || (code === 0 ? '' : Buffer.from(output).toString().trim())
  if (said) return said.slice(0, FORMAT_WORDS_MAX)
  if (outputSpent) return 'The formatter printed without end'
  return code === 0 ? 'The formatter gave back what is no text' : `The formatter ended with ${signal ?? `status ${code}`}`
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
