import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The files of one run, as a page sends them. */
export type Files = readonly { readonly path: string; readonly text: string }[]

/** A shell program in a session of bash, which ends with it: without the last line a prompt would follow. */
export const sh = (text: string): Files => [{ path: 'main.sh', text: `${text}\nexit\n` }]

/** A perl program that takes the shell's place. perl-base is on every Debian system. */
export const perl = (text: string, ...args: readonly string[]): Files => [
  { path: 'main.sh', text: `exec perl program.pl ${args.join(' ')}\n` },
  { path: 'program.pl', text },
]

/** A C program, compiled where it runs. Its own kind of warning is not what is tested. */
export const c = (text: string, ...args: readonly string[]): Files => [
  { path: 'main.sh', text: `gcc -std=gnu17 -O1 -w -o program program.c -pthread && exec ./program ${args.join(' ')}\nexit 1\n` },
  { path: 'program.c', text },
  { path: 'call.h', text: programText('call.h') },
]

export const programText = (name: string) => readFileSync(join(import.meta.dirname, 'programs', name), 'utf8')

/** What a program prints of itself between these marks, free of what a terminal or a shell adds. */
export function said(output: string): string[] {
  return output.split('\n').flatMap((line) => /^= (.*?)\s*$/.exec(line)?.[1] ?? [])
}
