import type { Records } from './records.ts'

/** Records of a store that could not be had at all: every call rejects, and sessions go on without. */
export function absentRecords(why: string): Records {
  const absent = () => Promise.reject(new Error(`There is no database: ${why}`))
  return {
    sessionOpened: absent,
    sessionEnded: absent,
    sessionIsHeld: absent,
    takeSession: absent,
    takeOrphans: absent,
    expireSessions: absent,
    reserveMember: absent,
    memberReady: absent,
    lease: absent,
    memberGone: absent,
    takeMembers: absent,
    expireMembers: absent,
    forgetMembers: absent,
    ledger: absent,
    beat: absent,
    forgetReplicas: absent,
    ping: absent,
    enterPlace: absent,
    placeTurns: absent,
    leavePlaces: absent,
    expirePlaces: absent,
  }
}
