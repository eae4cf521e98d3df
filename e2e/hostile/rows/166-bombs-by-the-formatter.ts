/**
 * What brings a machine down when it is run, begun by the formatter: it runs beside the program, without a terminal, and
 * is stopped by another path. Expected: the limits of the sandbox hold, each has a typed answer within the formatter's
 * time, the program beside it goes on, and the session is of use.
 */
import type { Attack } from '../attack.ts'
import { letOff } from '../bombs.ts'
import { again, format, TOOL_LANG } from '../tool.ts'

const CODES = ['format_failed', 'format_too_slow']

export const attack: Attack = {
  number: 166,
  what: 'Fork bombs, hoards, full disks and daemons of a formatter',
  expected: 'a typed answer to each; the program beside it goes on, and the session is of use',
  quick: false,
  lang: TOOL_LANG,
  act: (actor, scene) =>
    letOff(
      actor,
      async () => {
        const answer = await again(() => format(actor, 'text\n'))
        const isTyped = !answer.ok && CODES.includes(answer.error.code)
        scene.expect(isTyped, `a bomb was answered ${JSON.stringify(answer).slice(0, 300)}`)
        return answer.ok ? 'ok' : answer.error.code
      },
      scene,
    ),
}
