import type { Launch, ProgramInputs } from '#lib/protocol/agent-words.ts'

/** Where the input of a program is put for its shell to open; gone from there before the program starts. */
export const INPUT_FILE = '.dragoman-input'

/**
 * The shell script of a run: `compile` and then `run`, each with its own `"$@"`. Where there is input the program has
 * that in place of the terminal.
 */
export function jobScript({ compile, run }: Pick<Launch, 'compile'> & { run: string }, inputs: ProgramInputs): string {
  const { args = [], flags = [], input } = inputs
  return [
    ...(compile === undefined ? [] : [setArguments(flags), `(\n${compile}\n) || exit`]),
    setArguments(args),
    ...(input === undefined ? [] : [`exec <${INPUT_FILE} || exit`, `rm -f -- ${INPUT_FILE}`]),
    run,
  ].join('\n')
}

const setArguments = (words: readonly string[]) => ['set', '--', ...words.map(quoted)].join(' ')

/** One word for a shell, whatever it holds; NUL cannot be in it. */
export const quoted = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`
