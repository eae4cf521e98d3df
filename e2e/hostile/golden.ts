import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Attack } from './attack.ts'
import { c, said } from './programs.ts'
import type { Scene } from './scene.ts'

const GOLDEN = join(import.meta.dirname, 'golden')
/** Set to write the tables anew, after a look at why they changed. */
const REWRITE = 'HOSTILE_REWRITE_GOLDEN'

/** Runs `programs/<name>.c` and compares what it prints with `golden/<name>.txt`, line by line, or with the house's own. */
export const errnoTable =
  (name: string): Attack['act'] =>
  async (actor, scene) => {
    const { output } = await actor.run(c(name))
    compareWithGolden(name, said(output), scene, output)
  }

export function compareWithGolden(
  name: string,
  lines: readonly string[],
  { expect, house }: Pick<Scene, 'expect' | 'house'>,
  output: string,
): void {
  const file = [join(GOLDEN, house, `${name}.txt`), join(GOLDEN, `${name}.txt`)].find((one) => existsSync(one))
  if (!file) throw new Error(`There is no table of ${name}`)
  if (process.env[REWRITE]) writeFileSync(file, `${lines.join('\n')}\n`)
  const golden = readFileSync(file, 'utf8').trimEnd().split('\n')
  const shown = lines.length === 0 ? `; it printed ${output.slice(-1000)}` : ''
  for (const line of golden) {
    const answers = line.split(': ')
    const found = lines.find((other) => other.split(': ')[0] === answers[0])
    expect(found !== undefined && answersAgree(line, found), `expected "${line}" and found "${found}"${shown}`)
  }
  for (const line of lines) {
    const isKnown = golden.some((other) => other.split(': ')[0] === line.split(': ')[0])
    expect(isKnown, `"${line}" is not in the golden table`)
  }
}

/** A golden line may allow several answers, with "or" between them: kernels differ in what they have at all. */
export function answersAgree(golden: string, found: string): boolean {
  const [name, answers = ''] = golden.split(': ')
  return answers.split(' or ').some((answer) => found === `${name}: ${answer}`)
}
