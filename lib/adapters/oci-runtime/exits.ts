import { isAlive, type ProcessId } from './processes.ts'

/** How late the end of a sandbox may be noticed; one look at a process costs 20 µs. */
const LOOK_MS = 100

/**
 * Tells when processes end that are not our children: a sandbox must outlive the server that started it, so nobody of
 * ours waits for it. One timer looks at all of them, and runs only while there are any.
 */
export type Exits = {
  when(process: ProcessId, call: () => void): void
  /** Looks now. */
  look(): void
  close(): void
}

export function watchExits(): Exits {
  const watched = new Map<ProcessId, () => void>()
  let timer: NodeJS.Timeout | undefined

  const look = () => {
    for (const [process, call] of watched) {
      if (isAlive(process)) continue
      watched.delete(process)
      call()
    }
    if (watched.size === 0) close()
  }
  const close = () => {
    clearInterval(timer)
    timer = undefined
  }
  return {
    when(process, call) {
      watched.set(process, call)
      timer ??= setInterval(look, LOOK_MS).unref()
    },
    look,
    close: () => (watched.clear(), close()),
  }
}
