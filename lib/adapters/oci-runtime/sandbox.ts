import type { Sandbox, SandboxExit } from '#lib/application/ports/sandboxes.ts'

import type { Exits } from './exits.ts'
import { dialIn } from './listener.ts'
import type { GroupMeter } from './meter.ts'
import { kill, type ProcessId } from './processes.ts'
import type { Saved } from './saved.ts'

export type Running = {
  readonly saved: Saved
  /** Its first process: with it, the kernel ends every other in its pid namespace. */
  readonly init: ProcessId
  readonly key: string
  readonly folder: string
  readonly meter: GroupMeter
  readonly exits: Exits
  /** What runtime and agent wrote to their error output so far. */
  words(): string
  /** Ends what is left in it and removes what was made for it. */
  clear(): Promise<void>
}

/** One sandbox that is up. Whoever ends it first, we or itself, it is cleared away once. */
export function runningSandbox({ saved, init, key, folder, meter, exits, words, clear }: Running): Sandbox {
  meter.mark()
  let destroyed: Promise<void> | undefined

  async function end(): Promise<void> {
    kill(init)
    await clear()
    meter.close()
    exits.look()
  }
  const destroy = () =>
    (destroyed ??= end().catch((error: unknown) => {
      destroyed = undefined // it may be asked again
      throw error
    }))
  const exited = new Promise<SandboxExit>((resolve) => {
    exits.when(init, () => {
      const reason = destroyed ? 'killed' : meter.read()?.oomKills ? 'memory' : 'quit'
      const why = words()
      destroy().then(
        () => resolve({ reason, ...(why && { why }) }),
        (error: unknown) => resolve({ reason: 'lost', why: String(error) }),
      )
    })
  })
  return {
    id: saved.id,
    key,
    dial: (signal) => dialIn(folder, signal),
    mark: async () => meter.mark(),
    read: async () => meter.read(),
    exited,
    destroy,
  }
}
