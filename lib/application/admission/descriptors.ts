import type { Clock } from '#lib/application/ports/time.ts'

/** Of the descriptors that a process may have: beyond this share nobody new gets a session, each of which needs several... */
const SESSIONS_SHARE = 0.8
/** ...and beyond this no socket: what is left is for those who are in, the database and the log. */
const SOCKETS_SHARE = 0.9
/** A burst that takes a tenth of all within it is the limits' of addresses to refuse. */
const LOOK_MS = 1000

export type Descriptors = { readonly open: number; readonly max: number }

/** Whether descriptors run short, looked at once a second: whoever has none left cannot even say so. */
export function watchDescriptors(clock: Clock, count: () => Descriptors) {
  let share = 0
  let cancel = () => {}
  const look = () => {
    const { open, max } = count()
    share = open / max
    cancel = clock.after(LOOK_MS, look)
  }
  look()
  return {
    hasForSessions: () => share <= SESSIONS_SHARE,
    hasForSockets: () => share <= SOCKETS_SHARE,
    stop: () => cancel(),
  }
}
