/** Words that the shell answers itself, and those that only lead to another command. */
const SHELL_WORDS = new Set(
  '. : [ alias bg break case cd command continue do done echo elif else env eval exec exit export false fi for function if kill printf pwd read return set shift sh source test then time trap true type ulimit umask unset until wait while'.split(
    ' ',
  ),
)

const ASSIGNMENT = /^[A-Za-z_]\w*=(?:[^\s'"$`;|&<>()]*|'[^']*')\s+/
const FIRST_WORD = /^([A-Za-z0-9][A-Za-z0-9._+-]*)(?=\s|$|;)/

/**
 * Guesses what a language needs from its commands, for configs that do not say. Only a plain first word counts: a wrong
 * guess would hide a language that works, a missing one shows when it is run.
 */
export function guessNeeds(commands: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(commands.flatMap((shell) => firstWord(shell ?? '')))]
}

function firstWord(shell: string): string[] {
  let rest = shell.trimStart()
  for (let assignment = ASSIGNMENT.exec(rest); assignment; assignment = ASSIGNMENT.exec(rest)) {
    rest = rest.slice(assignment[0].length)
  }
  const word = FIRST_WORD.exec(rest)?.[1]
  return word === undefined || SHELL_WORDS.has(word) ? [] : [word]
}
