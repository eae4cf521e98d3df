import type { Announcements } from '#lib/application/ports/build-logs.ts'
import type { Clock } from '#lib/application/ports/time.ts'

/** A notification takes a lock that all commits share, so all builds of a server have one in this time between them. */
export const ANNOUNCE_EVERY_MS = 50

/** Says that logs have news: at once after a silence, then gathered. One that gets lost is made up for by the readers' own look. */
export function logAnnouncer(announcements: Announcements, clock: Clock): () => void {
  let resting = false
  let wanted = false
  const say = () => {
    resting = true
    wanted = false
    announcements.announce('log').catch(() => undefined)
    clock.after(ANNOUNCE_EVERY_MS, () => {
      resting = false
      if (wanted) say()
    })
  }
  return () => {
    wanted = true
    if (!resting) say()
  }
}
