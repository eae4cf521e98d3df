import { PROBLEMS, type Problem } from '#lib/domain/problem.ts'

/** A refusal in one line, with what goes along: the code for programs, the words for people. */
export function problemWords(problem: Problem): string {
  const { code, ...along } = problem
  const detail = Object.keys(along).length === 0 ? '' : ` ${JSON.stringify(along)}`
  return `${PROBLEMS[code].words} (${code}${detail})`
}
