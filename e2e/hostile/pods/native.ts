import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import type { Files } from '../programs.ts'

const PROGRAMS = join(import.meta.dirname, '../programs')

/** A C program, compiled here: the image of a language need not have a compiler. Both are of one Debian release. */
export function native(name: string): Files {
  const folder = mkdtempSync(join(tmpdir(), 'native-'))
  try {
    const out = join(folder, 'program')
    const flags = ['-std=gnu17', '-O1', '-w', '-s', '-pthread', '-I', PROGRAMS]
    execFileSync('gcc', [...flags, '-o', out, join(PROGRAMS, `${name}.c`)])
    const text = gzipSync(readFileSync(out)).toString('base64')
    const start = 'base64 -d program.gz.base64 | gunzip >program && chmod +x program && exec ./program'
    return [
      { path: 'main.sh', text: `${start}\nexit 1\n` },
      { path: 'program.gz.base64', text },
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}
