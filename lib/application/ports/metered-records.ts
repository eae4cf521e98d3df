import type { Metrics } from './metrics.ts'
import type { Records } from './records.ts'
import type { Clock } from './time.ts'

/** The same records, with the time and outcome of each call told to the metrics. */
export function meteredRecords(records: Records, { clock, metrics }: { clock: Clock; metrics: Metrics }): Records {
  const metered =
    <A extends unknown[], T>(op: keyof Records, call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      const from = clock.now()
      const done = (outcome: string) => metrics.observe('dragoman_db_query_seconds', { op, outcome }, (clock.now() - from) / 1000)
      try {
        const value = await call(...args)
        done('ok')
        return value
      } catch (error) {
        done('failed')
        throw error
      }
    }
  return {
    sessionOpened: metered('sessionOpened', records.sessionOpened),
    sessionEnded: metered('sessionEnded', records.sessionEnded),
    sessionIsHeld: metered('sessionIsHeld', records.sessionIsHeld),
    takeSession: metered('takeSession', records.takeSession),
    takeOrphans: metered('takeOrphans', records.takeOrphans),
    expireSessions: metered('expireSessions', records.expireSessions),
    reserveMember: metered('reserveMember', records.reserveMember),
    memberReady: metered('memberReady', records.memberReady),
    lease: metered('lease', records.lease),
    memberGone: metered('memberGone', records.memberGone),
    takeMembers: metered('takeMembers', records.takeMembers),
    expireMembers: metered('expireMembers', records.expireMembers),
    forgetMembers: metered('forgetMembers', records.forgetMembers),
    ledger: metered('ledger', records.ledger),
    beat: metered('beat', records.beat),
    forgetReplicas: metered('forgetReplicas', records.forgetReplicas),
    ping: metered('ping', records.ping),
    enterPlace: metered('enterPlace', records.enterPlace),
    placeTurns: metered('placeTurns', records.placeTurns),
    leavePlaces: metered('leavePlaces', records.leavePlaces),
    expirePlaces: metered('expirePlaces', records.expirePlaces),
  }
}
