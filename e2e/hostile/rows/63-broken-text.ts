/**
 * Bytes that are no text: every byte there is, characters cut in two at each place and sent apart, half pairs of
 * surrogates, NUL; as output, as input, and as a program's text. Riju decodes each piece alone and shows rubbish. Expected:
 * what is printed comes byte for byte, what is typed reaches the program byte for byte, and nothing falls over.
 */
import { createHash, randomBytes } from 'node:crypto'

import type { Attack } from '../attack.ts'
import { perl, sh } from '../programs.ts'

const TYPED_BYTES = 48 * 1024
const SUM_MS_MAX = 20_000
const sum = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')

/** One character of each length, one byte at a time. */
const CUT = [...Buffer.from('é€🐉')].map((byte) => `\\x${byte.toString(16)}`)
const PRINT = `
$| = 1; system 'stty raw -echo';
print '<<'; print chr for 0 .. 255;
for my $byte (${CUT.map((byte) => `"${byte}"`).join(', ')}) { syswrite STDOUT, $byte; select undef, undef, undef, 0.02 }
print "\\xed\\xa0\\x80\\xf5\\xff\\xc0\\x80>>";`
const PRINTED = Buffer.concat([
  Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
  Buffer.from('é€🐉'),
  Buffer.from([0xed, 0xa0, 0x80, 0xf5, 0xff, 0xc0, 0x80]),
])

export const attack: Attack = {
  number: 63,
  what: 'Every byte, cut characters and half surrogates, as output, input and program',
  expected: 'byte for byte, both ways',
  quick: true,
  async act(actor, { expect }) {
    await actor.run(perl(PRINT))
    const whole = Buffer.from(actor.output(), 'latin1')
    const [from, to] = [whole.lastIndexOf('<<') + 2, whole.lastIndexOf('>>')]
    expect(whole.subarray(from, to).equals(PRINTED), `it printed ${whole.subarray(from, to).toString('hex').slice(0, 1000)}`)

    const typed = randomBytes(TYPED_BYTES)
    await actor.begin(sh(`stty raw -echo; echo rea""dy; head -c ${TYPED_BYTES} | md5sum`))
    await actor.saw('ready')
    actor.type(typed)
    await actor.saw(sum(typed), SUM_MS_MAX)

    const text = 'printf "half \ud83d, other \udc09, none \ufffe, end"\n'
    const { output } = await actor.run(sh(text))
    expect(output.includes('half ') && output.includes(', end'), `a program with half surrogates printed ${output}`)
  },
}
