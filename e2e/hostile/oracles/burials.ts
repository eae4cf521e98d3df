import { zombiesOf, type UidRange } from '../processes.ts'
import { becomes } from '../until.ts'
import { LEFT_MS_MAX } from './ledger.ts'

/**
 * The dead of a sandbox are buried by process 1 of the machine, which on some looks for them only now and then. So nobody
 * waits for that after each row: who is dead when a row ends has the ledger's time to go, while the next one runs.
 */
export function burials(uids: UidRange, zombies = () => zombiesOf(uids), ms = LEFT_MS_MAX) {
  const waits: Promise<string[]>[] = []
  return {
    /** At the end of what this names. */
    expect(of: string): void {
      const dead = new Set(zombies().map(({ pid }) => pid))
      const left = () => zombies().filter(({ pid }) => dead.has(pid))
      const wait = becomes(() => left().length === 0, ms)
      waits.push(
        wait.then((areGone) =>
          areGone
            ? []
            : [
                `${of} left zombies: ${left()
                  .map(({ pid }) => pid)
                  .join(' ')}`,
              ],
        ),
      )
    },
    failed: async () => (await Promise.all(waits)).flat(),
  }
}

export type Burials = ReturnType<typeof burials>
