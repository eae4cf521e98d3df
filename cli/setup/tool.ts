import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'

import { TOP } from './stamps.ts'

/** The end of what a tool printed that is kept for whoever asks what went wrong. */
const OUTPUT_CHARS_MAX = 100_000
const STDOUT_CHARS_MAX = 8_000_000

export type ToolOptions = {
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}
/** `output` is both streams as they came, `stdout` the one alone. */
export type ToolEnd = { readonly code: number; readonly output: string; readonly stdout: string }

/** Runs a program from the top of the checkout, without input; its home is in the checkout. */
export function tool(command: string, args: readonly string[], { env, signal }: ToolOptions = {}): Promise<ToolEnd> {
  const home = join(TOP, '.dragoman', 'home')
  mkdirSync(home, { recursive: true })
  return new Promise((done, failed) => {
    const child = spawn(command, args, {
      cwd: TOP,
      env: { ...process.env, HOME: home, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal && { signal, killSignal: 'SIGTERM' }),
    })
    let [output, stdout] = ['', '']
    const take = (text: string) => void (output = (output + text).slice(-OUTPUT_CHARS_MAX))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      take(text)
      stdout = (stdout + text).slice(-STDOUT_CHARS_MAX)
    })
    child.stderr.setEncoding('utf8').on('data', take)
    child.once('error', failed)
    child.once('close', (code, ended) => done({ code: code ?? 128 + constants.signals[ended ?? 'SIGKILL'], output, stdout }))
  })
}

/** The same for a step of the set-up: throws with the output when the program fails. */
export async function mustRun(command: string, args: readonly string[], options?: ToolOptions): Promise<void> {
  const { code, output } = await tool(command, args, options)
  if (code !== 0) throw new Error(`"${[command, ...args].join(' ')}" ended with ${code}\n${output.trim()}`)
}

/** A program of one of our npm packages. */
export const bin = (name: string) => join(TOP, 'node_modules', '.bin', name)
