import type { MemberRecord, Records, SessionRecord } from '#lib/application/ports/records.ts'
import type { EndReason } from '#lib/domain/ending.ts'
import type { SandboxId, SessionId } from '#lib/domain/ids.ts'

/** Records of one process; `fail(true)` makes every call reject, as a database that is down. */
export function memoryRecords(): Records & { fail(down: boolean): void } {
  const sessions = new Map<SessionId, SessionRecord & { reason?: EndReason }>()
  const members = new Map<SandboxId, MemberRecord & { leased: boolean }>()
  let down = false
  const answer = async <T>(value: () => T): Promise<T> => {
    if (down) throw new Error('Cannot reach the records: they are set to fail')
    return value()
  }
  return {
    fail: (set) => void (down = set),
    sessionOpened: (record) => answer(() => void sessions.set(record.id, record)),
    sessionEnded: (id, reason) =>
      answer(() => {
        const session = sessions.get(id)
        if (session && !session.reason) sessions.set(id, { ...session, reason })
      }),
    liveSessions: () => answer(() => [...sessions.values()].filter((session) => !session.reason)),
    memberReady: (member) => answer(() => void members.set(member.sandbox, { ...member, leased: false })),
    lease: (lang) =>
      answer(() => {
        const free = [...members.values()].find((member) => member.lang === lang && !member.leased)
        if (!free) return undefined
        members.set(free.sandbox, { ...free, leased: true })
        return free.sandbox
      }),
    memberGone: (sandbox) => answer(() => void members.delete(sandbox)),
    forgetMembers: () => answer(() => members.clear()),
    ping: () => answer(() => undefined),
  }
}
