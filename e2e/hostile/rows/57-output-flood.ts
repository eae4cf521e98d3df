/**
 * `yes`, random bytes, and a line that has no end. Without a window, five readers grew a server by half a gigabyte.
 * Expected: the server's memory stays flat, Ctrl-C works within a second in the midst of it, every other visitor is as
 * well as before, and a job that prints more than it may ends with "output".
 */
import type { Attack } from '../attack.ts'
import { warmUp } from '../flood.ts'
import { sh } from '../programs.ts'
import { growthWatch, RSS_GROWTH_MB_MAX } from '../rss.ts'
import { becomes } from '../until.ts'

const FLOOD_MS = 4000
const INTERRUPT_MS_MAX = 1000
/** As langs/loudshell.yaml sets it. */
const OUTPUT_BYTES_MAX = 8 * 1024 * 1024

/** Of who really prints without end, also where others use the machine. */
const FLOOD_BYTES_MIN = 2 * 1024 * 1024

const FLOODS = ['yes', 'cat /dev/urandom', "head -c 1G /dev/zero | tr '\\0' x"]

export const attack: Attack = {
  number: 57,
  what: '`yes`, /dev/urandom, and a gigabyte without a line end',
  expected: 'flat memory, Ctrl-C within a second, and "output" at the total limit',
  quick: false,
  async act(actor, scene) {
    const { expect, open, rssMb } = scene
    await warmUp(actor, scene)
    for (const flood of FLOODS) {
      const [watch, from, job] = [growthWatch(rssMb), actor.bytes(), await actor.begin(sh(`trap exit INT; ${flood}`))]
      const began = performance.now()
      await becomes(() => (watch.look(), performance.now() - began > FLOOD_MS), 2 * FLOOD_MS)
      const interruptedAt = performance.now()
      actor.type('\x03')
      await actor.ended(job)
      const ms = performance.now() - interruptedAt
      const isFlood = actor.bytes() - from > FLOOD_BYTES_MIN
      expect(isFlood, `"${flood}" printed only ${actor.bytes() - from} bytes`)
      expect(ms <= INTERRUPT_MS_MAX, `Ctrl-C took ${ms} ms to end "${flood}"`)
      const grownMb = watch.grownMb()
      expect(grownMb <= RSS_GROWTH_MB_MAX, `the server grew by ${grownMb.toFixed(1)} MB during "${flood}"`)
    }
    const limited = await open('loudshell')
    const { ending } = await limited.run(sh('yes'))
    expect(ending?.reason === 'output', `too much output ended with ${JSON.stringify(ending)}`)
    expect(limited.bytes() >= OUTPUT_BYTES_MAX, `only ${limited.bytes()} bytes came of ${OUTPUT_BYTES_MAX}`)
  },
}
