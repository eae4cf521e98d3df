import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const PROGRAMS = join(import.meta.dirname, 'programs')

/** The files of one run, as a page sends them. */
export type Files = readonly { readonly path: string; readonly text: string }[]

/** A shell program in a session of bash, which ends with it: without the last line a prompt would follow. */
export const sh = (text: string): Files => [{ path: 'main.sh', text: `${text}\nexit\n` }]

/** A perl program that takes the shell's place. perl-base is on every Debian system. */
export const perl = (text: string, ...args: readonly string[]): Files => [
  { path: 'main.sh', text: `exec perl program.pl ${args.join(' ')}\n` },
  { path: 'program.pl', text },
]

/** `programs/<name>.c`, compiled here: a sandbox need not have a compiler. What it stands on is of the same Debian release there. */
export function c(name: string, ...args: readonly string[]): Files {
  const start = 'base64 -d program.gz.base64 | gunzip >program && chmod +x program && exec ./program'
  return [
    { path: 'main.sh', text: `${start} ${args.join(' ')}\nexit 1\n` },
    { path: 'program.gz.base64', text: gzipSync(compiled(name)).toString('base64') },
  ]
}

function compiled(name: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'hostile-program-'))
  try {
    const out = join(folder, 'program')
    // Its own kind of warning is not what is tested.
    const flags = ['-std=gnu17', '-O1', '-w', '-s', '-pthread', '-I', PROGRAMS]
    execFileSync('gcc', [...flags, '-o', out, join(PROGRAMS, `${name}.c`)])
    return readFileSync(out)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** For perl programs, whose own way to look through folders is not everywhere: calls `$see` with each path, and goes no further where that says so. */
export const WALK = `
sub walk {
  my ($path, $see) = @_;
  return if $see->($path) || -l $path || !-d _;
  opendir my $folder, $path or return;
  walk(($path =~ m{/$} ? $path : "$path/") . $_, $see) for grep { !/^[.][.]?$/ } readdir $folder;
}`

/** What a program prints of itself between these marks, free of what a terminal or a shell adds. */
export function said(output: string): string[] {
  return output.split('\n').flatMap((line) => /^= (.*?)\s*$/.exec(line)?.[1] ?? [])
}
