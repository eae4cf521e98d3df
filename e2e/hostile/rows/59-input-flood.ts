/**
 * A hundred megabytes pasted into a program that never reads, in events as large as allowed, then larger ones. Expected:
 * the server takes no more than its window and says so, its memory stays flat, and a socket that keeps breaking the rules
 * is closed.
 */
import { INPUT_BYTES_MAX } from '#lib/protocol/browser.ts'

import type { Attack } from '../attack.ts'
import { warmUp } from '../flood.ts'
import { sh } from '../programs.ts'
import { growthWatch, RSS_GROWTH_MB_MAX } from '../rss.ts'
import { becomes, inTime } from '../until.ts'

const PASTE_BYTES = 100 * 1024 * 1024
/** So much is on the wire at once, so that it is the server's memory that is watched and not a socket's queue. */
const BATCH = 16
const CLOSED_MS_MAX = 5000
const ANSWERED_MS_MAX = 2000

export const attack: Attack = {
  number: 59,
  what: 'A paste of 100 MB into a program that never reads',
  expected: 'refused above the window with "input_full", flat memory; larger events close the socket',
  quick: false,
  async act(actor, scene) {
    const { expect, open, rssMb } = scene
    await warmUp(actor, scene)
    await actor.begin(sh('stty raw -echo; echo deaf; sleep 60'))
    await actor.saw('deaf')
    const paste = Buffer.alloc(INPUT_BYTES_MAX, 'x')
    actor.type(paste)
    const watch = growthWatch(rssMb)
    for (let sent = 0; sent < PASTE_BYTES; sent += BATCH * paste.length) {
      const had = actor.problems().length
      // From the same place on: what was not taken is offered again, as a page would.
      for (let n = 0; n < BATCH; n++) actor.socket.emit('input', paste.length, paste)
      await becomes(() => actor.problems().length >= had + BATCH, ANSWERED_MS_MAX)
      watch.look()
      if (actor.problems().length === had) break
    }
    expect(
      actor.problems().every(({ code }) => code === 'input_full'),
      JSON.stringify(actor.problems().slice(-3)),
    )
    expect(actor.problems().length >= PASTE_BYTES / paste.length - BATCH, `only ${actor.problems().length} were refused`)
    const grownMb = watch.grownMb()
    expect(grownMb <= RSS_GROWTH_MB_MAX, `the server grew by ${grownMb.toFixed(1)} MB`)

    const rude = await open()
    for (let n = 0; n < 30; n++) rude.socket.emit('input', 0, Buffer.alloc(INPUT_BYTES_MAX + 1))
    const why = await inTime(rude.sessionEnded, CLOSED_MS_MAX, () => 'the end of a socket that breaks the rules')
    expect(why.startsWith('socket:'), `it ended with ${why}`)
  },
}
