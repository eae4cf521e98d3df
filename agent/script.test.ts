import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'

import { INPUT_FILE, jobScript, quoted } from './script.ts'

const SHOW = 'for word in "$@"; do printf "<%s>" "$word"; done'
const folder = mkdtempSync(join(tmpdir(), 'dragoman-script-'))
afterAll(() => rmSync(folder, { recursive: true }))
const sh = (script: string) => execFileSync('/bin/sh', ['-c', script], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })

test('any word stays one word, and is nothing but a word', () => {
  const word = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => !text.includes('\0'))
  fc.assert(
    fc.property(word, (text) => void expect(sh(`printf %s ${quoted(text)}`)).toEqual(Buffer.from(text))),
    { numRuns: 50, examples: [["'"], ["'; echo no; '"], ['$(id)\n`id`'], ['-n'], ['']] },
  )
})

test('compile has the flags and run the arguments', () => {
  const script = jobScript({ compile: SHOW, run: SHOW }, { flags: ['-O2', "a'b"], args: ['one two', '$HOME'] })
  expect(sh(script).toString()).toBe("<-O2><a'b><one two><$HOME>")
})

test('without any there are none, and a failed compile ends it', () => {
  expect(sh(jobScript({ compile: SHOW, run: `echo "$#"` }, {})).toString()).toBe('0\n')
  expect(() => sh(jobScript({ compile: 'exit 3', run: 'echo no' }, {}))).toThrow(expect.objectContaining({ status: 3 }))
})

test('input is read to its end, and its file is gone', () => {
  writeFileSync(join(folder, INPUT_FILE), 'no line end')
  expect(sh(jobScript({ run: 'cat; ls -A' }, { input: 'no line end' })).toString()).toBe('no line end')
  expect(readdirSync(folder)).toEqual([])
})
