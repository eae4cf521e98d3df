import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const TYPIST = join(import.meta.dirname, 'typist.ts')
/** In MiB: enough that it never stops to collect garbage while a key is on its way. */
const YOUNG_MIB = 32

/** Starts `typist.ts`; resolves when its prompt is there. It begins when it is told to, and then gives the milliseconds of each key. */
export async function typistProcess(where: readonly ['server' | 'command', string], keys: number, keyMs: number) {
  const child = spawn(process.execPath, [`--min-semi-space-size=${YOUNG_MIB}`, TYPIST, ...where, `${keys}`, `${keyMs}`])
  let words = ''
  await new Promise<void>((done, fail) => {
    child.stderr.setEncoding('utf8').on('data', (said: string) => {
      words += said
      if (words.includes('ready\n')) done()
    })
    child.once('exit', () => fail(new Error(`The typist did not get to a prompt: ${words}`)))
  })
  return async (): Promise<number[]> => {
    child.stdin.write('go\n')
    return JSON.parse(await text(child.stdout)) as number[]
  }
}
