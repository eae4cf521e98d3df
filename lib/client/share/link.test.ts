import fc from 'fast-check'
import { expect, test } from 'vitest'

import type { Program } from '../program/program.ts'
import { toBase64url } from './base64url.ts'
import { deflate } from './deflate.ts'
import { type BadLink, badLinkWords, LINK_CHARS_MAX, LINKED_BYTES_MAX, linkPart, readLinkPart } from './link.ts'
import { isLinkPart } from './open-links.ts'

/** Made on the first day of version 1. They open for ever: mend the reader, never these. */
const FROZEN: readonly { lang: string; main: string; part: string; program: Program }[] = [
  {
    lang: 'python',
    main: 'main.py',
    part: '1.q1bKScxLV7JSKqgsycjPU9JRSsvMSS1WsoqOVspNzMzTK6hU0lEqKMrMK9GIUcrIjFHSjMlTio2tBQA',
    program: { files: [{ path: 'main.py', text: 'print("hi")\n' }], args: '', flags: '', input: '' },
  },
  {
    lang: 'c++',
    main: 'main.cpp',
    part: '1.Rc6xDYJAGIbhVf58NhpOUMpzCAfgKC5w4iXnDzkOKQiJpSNYyRYuwCZO4AiGWFi_T_EOcJorSBRRBIGTdaaFzDJctOW4aBoIrCwXrisNKVR-fs2Tic8Kii0HWth6QwN5EzrPtDvQqBi5yP4WAklC7_uTPtPjttRcQPuqhcT2Sgqhr6mvfdkqLA9O_9IxhYDlpguQ2CtOFWP8Ag',
    program: {
      files: [
        { path: 'main.cpp', text: '#include "größe.h"\nint main() { return 0; }\n' },
        { path: 'größe.h', text: '// ∞ 😀\n' },
      ],
      args: '-v "two words"',
      flags: '-O2',
      input: '1\n2\n',
    },
  },
]

test.each(FROZEN)('a link of $lang made by the first release opens', async ({ lang, main, part, program }) => {
  expect(await readLinkPart(part, lang, main)).toEqual({ ok: true, value: program })
})

const made = async (lang: string, program: unknown) =>
  `1.${toBase64url(await deflate(new TextEncoder().encode(JSON.stringify({ lang, ...(program as object) }))))}`
const broken = async (part: string): Promise<BadLink | undefined> => {
  const read = await readLinkPart(part, 'python', 'main.py')
  return read.ok ? undefined : read.error
}

test('a program comes out of its link as it went in', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string(), async (text, args) => {
      const program: Program = { files: [{ path: 'main.py', text: text.toWellFormed() }], args, flags: '', input: args }
      const part = await linkPart('python', program)
      expect(part.ok && /^1\.[\w-]+$/.test(part.value)).toBe(true)
      expect(part.ok && (await readLinkPart(part.value, 'python', 'main.py'))).toEqual({ ok: true, value: program })
    }),
    { numRuns: 50 },
  )
})

test('no damage to a link harms more than the link', async () => {
  const [{ part }] = FROZEN as [(typeof FROZEN)[0]]
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: part.length - 1 }), fc.constantFrom('', 'A', '%', ' ', '.', '-'), async (at, char) => {
      const read = await readLinkPart(part.slice(0, at) + char + part.slice(at + 1), 'python', 'main.py')
      expect(read.ok || badLinkWords(read.error)).toBeTruthy()
    }),
  )
  for (let length = 0; length < part.length; length += 1)
    expect(await broken(part.slice(0, length))).toEqual({ code: 'link_damaged' })
})

test('a link of a later form says so', async () => {
  expect(await broken('2.anything')).toEqual({ code: 'link_newer', version: 2 })
  expect(await broken('0.x')).toEqual({ code: 'link_damaged' })
})

test('a program of another language is not taken for one of this', async () => {
  expect(await broken(await made('ruby', { files: [['main.rb', '']] }))).toEqual({ code: 'link_elsewhere', lang: 'ruby' })
})

test.each([
  ['no files', {}],
  ['a file outside the home', { files: [['main.py', ''], ['../x', '']] }], // prettier-ignore
  ['seventeen files', { files: Array.from({ length: 17 }, (_, i) => [`f${i}`, '']) }],
])('%s is a damaged link', async (_, program) => {
  expect(await broken(await made('python', program))).toEqual({ code: 'link_damaged' })
})

test('a bomb is not unpacked', async () => {
  const bomb = await made('python', { files: [['main.py', 'x'.repeat(20 * LINKED_BYTES_MAX)]] })
  expect(bomb.length).toBeLessThan(LINK_CHARS_MAX)
  expect(await broken(bomb)).toEqual({ code: 'link_too_large' })
})

test('too long a link is not made, and says how long it would be', async () => {
  const text = Array.from({ length: 60_000 }, (_, i) => String.fromCharCode(32 + ((i * i * 7919) % 89))).join('')
  const part = await linkPart('python', { files: [{ path: 'main.py', text: noise(text) }], args: '', flags: '', input: '' })
  expect(part).toEqual({ ok: false, error: { code: 'link_too_long', chars: expect.any(Number), max: LINK_CHARS_MAX } })
  expect(!part.ok && part.error.chars).toBeGreaterThan(LINK_CHARS_MAX)
  expect(await broken(`1.${'A'.repeat(LINK_CHARS_MAX)}`)).toEqual({ code: 'link_damaged' })
})

/** Text that does not pack. */
function noise(text: string): string {
  let seed = 1
  return text.replaceAll(/./gs, () => {
    seed = (seed * 48_271) % 2_147_483_647
    return String.fromCharCode(33 + (seed % 90))
  })
}

test.each([
  ['1.abc', true],
  ['12.x', true],
  ['', false],
  ['main', false],
  ['1', false],
])('%j behind the # is a program: %s', (part, is) => expect(isLinkPart(part)).toBe(is))
