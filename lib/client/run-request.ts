import { err, ok, type Result } from '#lib/domain/result.ts'

import type { Program } from './program/program.ts'
import { splitWords, wordsProblem } from './program/words.ts'
import type { RunRequest } from './session.ts'
import type { PlayLanguage } from './use-playground.ts'

/** What is sent to run a program; or, in words, why its fields cannot be sent. */
export function runRequest(
  { files, args, flags, input }: Program,
  { takesArgs, takesFlags }: Pick<PlayLanguage, 'takesArgs' | 'takesFlags'>,
): Result<RunRequest, string> {
  const [argWords, flagWords] = [splitWords(takesArgs ? args : ''), splitWords(takesFlags ? flags : '')]
  if (!argWords.ok) return err(`The program was not run. In its arguments: ${wordsProblem(argWords.error)}.`)
  if (!flagWords.ok) return err(`The program was not run. In the compiler flags: ${wordsProblem(flagWords.error)}.`)
  return ok({
    files,
    ...(takesArgs && { args: argWords.value }),
    ...(takesFlags && { flags: flagWords.value }),
    ...(input !== '' && { input }),
  })
}
