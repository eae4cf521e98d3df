/**
 * A formatter that is a hostile program: prints for ever, here and there; hangs and hears no signal; gives nothing back,
 * or no text; leaves half of it and dies; writes over the program, forks a daemon, draws on terminals; and is asked for a
 * hundred times at once. Expected: each has its typed answer within its time and limits, none is taken for a formatted
 * text, and the session is as it was.
 */
import { CODE_BYTES_MAX } from '#lib/protocol/sizes.ts'

import type { Attack } from '../attack.ts'
import { sh } from '../programs.ts'
import { growthWatch, RSS_GROWTH_MB_MAX } from '../rss.ts'
import { again, format, place, TOOL_LANG } from '../tool.ts'
import { becomes } from '../until.ts'

const GONE_MS_MAX = 10_000
const USEFUL_MS_MAX = 10_000
const ASKED_AT_ONCE = 100
/** What is said when it refuses is shown to a person, in characters. */
const WORDS_MAX = 4000

/** One tool, many faults: the text says which. */
const TOOL = `
read -r fault
case $fault in
  prints) yes ;;
  complains) yes >&2 ;;
  both) yes & yes >&2 ;;
  hangs) trap '' TERM INT HUP QUIT; sleep 1000 & wait; sleep 1000 ;;
  nothing) exit 0 ;;
  spaces) echo '   ' ;;
  bytes) printf '\\377\\376\\200' ;;
  half) echo half; exit 3 ;;
  dies) echo half; kill -SEGV $$ ;;
  large) head -c 300000 /dev/zero | tr '\\0' x ;;
  draws) printf '\\033]52;c;aGk=\\007\\033[2J\\033]0;title\\007' >&2; exit 1 ;;
  tty) echo drawn >/dev/tty; exit 1 ;;
  steals) rm main.sh; ln -s /etc/passwd main.sh; echo echo stolen >tool2.sh; echo formatted ;;
  daemon) setsid perl -e '$0 = "marker-of-formatter"; sleep 600' >/dev/null 2>&1 </dev/null & echo formatted ;;
  holds) setsid perl -e '$0 = "marker-that-holds"; sleep 600' & echo formatted ;;
  well) echo formatted ;;
esac`

const FAILED: readonly (readonly [fault: string, code: string])[] = [
  ['prints', 'format_failed'],
  ['nothing', 'format_failed'],
  ['spaces', 'format_failed'],
  ['bytes', 'format_failed'],
  ['half', 'format_failed'],
  ['dies', 'format_failed'],
  ['large', 'format_failed'],
  ['draws', 'format_failed'],
  ['tty', 'format_failed'],
]
/** Ended by the time that a formatter has, so they are asked for at once. */
const ENDLESS = ['complains', 'both', 'hangs']

export const attack: Attack = {
  number: 66,
  what: 'A formatter that prints for ever, hangs, gives nothing back, writes over files and forks a daemon',
  expected: 'a typed answer to each, never a text; flat memory; the session as it was',
  quick: true,
  lang: TOOL_LANG,
  async act(actor, { expect, rssMb, box: look }) {
    const box = await look(actor)
    await place(actor, sh(TOOL))
    const watch = growthWatch(rssMb)
    const endless = ENDLESS.map(async (fault) => [fault, await format(actor, `${fault}\n`)] as const)
    for (const [fault, code] of FAILED) {
      watch.look()
      const answer = await again(() => format(actor, `${fault}\n`))
      expect(!answer.ok && answer.error.code === code, `"${fault}" was answered ${JSON.stringify(answer).slice(0, 200)}`)
      const words = !answer.ok && 'output' in answer.error ? String(answer.error.output) : ''
      expect(words.length > 0 && words.length <= WORDS_MAX, `"${fault}" has ${words.length} characters of words`)
    }
    for (const [fault, answer] of await Promise.all(endless)) {
      watch.look()
      const isTyped = !answer.ok && ['format_too_slow', 'format_failed'].includes(answer.error.code)
      expect(isTyped, `"${fault}" was answered ${JSON.stringify(answer).slice(0, 200)}`)
    }
    const grownMb = watch.grownMb()
    expect(grownMb <= RSS_GROWTH_MB_MAX, `the server grew by ${grownMb.toFixed(1)} MB`)

    for (const fault of ['steals', 'daemon', 'holds']) {
      const answer = await again(() => format(actor, `${fault}\n`))
      expect(answer.ok && answer.value.text === 'formatted\n', `"${fault}" was answered ${JSON.stringify(answer)}`)
    }
    const all = await Promise.all(Array.from({ length: ASKED_AT_ONCE }, () => format(actor, 'well\n')))
    const refused = all.filter((answer) => !answer.ok)
    const areTyped = refused.every(({ error }) => error.code === 'too_many_runs' && error.retryAfterMs > 0)
    expect(areTyped && refused.length > ASKED_AT_ONCE / 2, `of many at once: ${JSON.stringify(refused[0])}`)
    const large = await again(() => format(actor, 'x'.repeat(CODE_BYTES_MAX + 1)))
    expect(!large.ok && large.error.code === 'code_too_large', `a text too large was answered ${JSON.stringify(large)}`)

    const begun = await again(() => actor.call<{ job: number }>('run', { files: sh('echo still $((6 * 7))') }))
    expect(begun.ok, `the next run was answered ${JSON.stringify(begun)}`)
    await actor.saw('still 42', USEFUL_MS_MAX)
    expect(!actor.output().includes('root:'), 'a run followed the link that a formatter had planted')
    const lives = () => box.processes().some(({ command }) => /marker-(of-formatter|that-holds)/.test(command))
    expect(await becomes(() => !lives(), GONE_MS_MAX), "a formatter's daemon outlived the next run")
  },
}
