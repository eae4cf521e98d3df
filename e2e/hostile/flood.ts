import type { Actor } from './actor.ts'
import { sh } from './programs.ts'
import { growthWatch } from './rss.ts'
import type { Scene } from './scene.ts'
import { pause } from './until.ts'

const WARM_MS_MAX = 20_000
const WINDOW_MS = 2000
const LOOK_MS = 50
/** A server that grows by less in a window has the buffers and the code that floods take. */
const STILL_MB = 1

const warm = new WeakSet<object>()

/** Lets a flood through until the server grows no more, once for each server: what comes later is what is measured. */
export async function warmUp(actor: Actor, { server, rssMb }: Scene): Promise<void> {
  if (warm.has(server)) return
  const job = await actor.begin(sh('cat /dev/urandom'))
  const deadline = performance.now() + WARM_MS_MAX
  for (let isStill = false; !isStill && performance.now() < deadline;) {
    const watch = growthWatch(rssMb)
    for (const end = performance.now() + WINDOW_MS; performance.now() < end; await pause(LOOK_MS)) watch.look()
    isStill = watch.grownMb() < STILL_MB
  }
  await actor.stop()
  await actor.ended(job)
  warm.add(server)
}
