/**
 * What brings a machine down when it is run, begun as the language server, which has all the time of the session. Expected:
 * the limits of the sandbox hold, it ends by itself or when it is told to, the program beside it goes on, and the session
 * is of use.
 */
import type { Attack } from '../attack.ts'
import { letOff } from '../bombs.ts'
import { mustStartServer, TOOL_LANG } from '../tool.ts'
import { becomes } from '../until.ts'

/** As long as it may do its worst. */
const WORST_MS = 5000

export const attack: Attack = {
  number: 265,
  what: 'Fork bombs, hoards, full disks and daemons of a language server',
  expected: 'it ends when it is told to; the program beside it goes on, and the session is of use',
  quick: false,
  lang: TOOL_LANG,
  act: (actor, scene) =>
    letOff(
      actor,
      async () => {
        const server = await mustStartServer(actor)
        let isOver = false
        const ended = server.ended().finally(() => (isOver = true))
        await becomes(() => isOver, WORST_MS)
        server.stop()
        return (await ended).reason
      },
      scene,
    ),
}
