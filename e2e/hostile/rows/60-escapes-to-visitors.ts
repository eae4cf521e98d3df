/**
 * Every escape sequence that ever did harm: titles, links to scripts, clipboards, reports, window operations, huge repeats,
 * strings without end; then a gigabyte's worth of repeats. What a terminal makes of them is shown in a browser
 * (e2e/terminal.e2e.ts); here, what the house makes of them. Expected: they go to their own visitor byte for byte and to
 * nobody else, no answer to a query is made up on the way, and the server's memory is flat.
 */
import type { Attack } from '../attack.ts'
import { perl } from '../programs.ts'
import { growthWatch, RSS_GROWTH_MB_MAX } from '../rss.ts'
import { becomes } from '../until.ts'

const FLOOD_MS = 2000

const SEQUENCES = [
  String.raw`\e]0;owned\a`, // title
  String.raw`\e]8;;javascript:alert(1)\e\\click\e]8;;\e\\`, // link
  String.raw`\e]52;c;b3duZWQ=\a\e]52;c;?\a`, // clipboard, write and read
  String.raw`\e[c\e[>c\e[=c\e[5n\e[6n\e[?15n\e[21t\e[18t`, // who are you, where are you, what is your title
  String.raw`\eP$q"p\e\\\eP+q544e\e\\`, // settings and capabilities
  String.raw`\e[3;0;0t\e[8;1;1t\e[2t`, // move, shrink, hide
  String.raw`\e[99999999b\e[99999999X\e[99999999;99999999H`, // repeats and places far away
  String.raw`\ePtmux;\e\e]52;c;?\a\e\\`, // through a multiplexer
  String.raw`\eP1;2;3without end`,
]
const PROGRAM = `
$| = 1; system 'stty raw -echo';
print '<<'; print for (${SEQUENCES.map((text) => `"${text.replaceAll('$', String.raw`\$`).replaceAll('"', String.raw`\"`)}"`).join(', ')}); print '>>';
# Whatever answers came of it would be waiting to be read.
vec(my $in = '', 0, 1) = 1; my $heard = select($in, undef, undef, 1); print "\\n= heard $heard\\n"; exit 1`
const FLOOD = String.raw`$| = 1; my $evil = "x\e[99999999b\e]0;t\a\eP" x 1000; print $evil while 1`

const PRINTED = SEQUENCES.map((text) =>
  text
    .replaceAll(String.raw`\e`, '\u001b')
    .replaceAll(String.raw`\a`, '\u0007')
    .replaceAll(String.raw`\\`, '\\'),
).join('')

export const attack: Attack = {
  number: 60,
  what: 'Titles, links, clipboards, reports, window operations and strings without end',
  expected: 'byte for byte to their own visitor, to nobody else, and no report made up on the way',
  quick: true,
  async act(actor, { expect, open, rssMb, server }) {
    const other = await open()
    await actor.run(perl(PROGRAM))
    const output = actor.output()
    const between = output.slice(output.lastIndexOf('<<') + 2, output.lastIndexOf('>>'))
    expect(between === PRINTED, `it printed ${JSON.stringify(between)}`)
    expect(output.includes('= heard 0'), `a report came back: ${JSON.stringify(output.slice(-100))}`)

    const job = await actor.begin(perl(FLOOD))
    const watch = growthWatch(rssMb)
    const began = performance.now()
    await becomes(() => (watch.look(), performance.now() - began > FLOOD_MS), 2 * FLOOD_MS)
    await actor.stop()
    await actor.ended(job)
    const grownMb = watch.grownMb()
    expect(grownMb <= RSS_GROWTH_MB_MAX, `the server grew by ${grownMb.toFixed(1)} MB`)
    const shown = ['owned', '\u0007'].filter((text) => other.output().includes(text))
    expect(shown.length === 0, `another visitor was shown ${JSON.stringify(other.output().slice(-200))}`)
    expect(!server.log().includes('owned'), 'the log holds what a visitor saw')
  },
}
