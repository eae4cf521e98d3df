import type { LeaseAsk, MemberRecord, MemberWish, OpenedRecord, Records, SessionRecord } from '#lib/application/ports/records.ts'
import type { EndReason } from '#lib/domain/ending.ts'
import type { SandboxId, SessionId } from '#lib/domain/ids.ts'
import { err, ok } from '#lib/domain/result.ts'

import { memoryPlaces } from './places.ts'

type Member = { readonly record: MemberRecord; readonly state: 'creating' | 'free' | 'leased'; readonly at: number }

/** Records of one process; `fail(true)` makes every call reject, as a database that is down. */
export function memoryRecords(now: () => number = () => 0): Records & { fail(down: boolean): void } {
  const sessions = new Map<SessionId, OpenedRecord & { reason?: EndReason }>()
  const members = new Map<SandboxId, Member>()
  const replicas = new Map<string, number>()
  const places = memoryPlaces(now, () => live())
  let down = false
  const answer = async <T>(value: () => T): Promise<T> => {
    if (down) throw new Error('Cannot reach the records: they are set to fail')
    return value()
  }
  const live = () => [...sessions.values()].filter((session) => !session.reason)
  const isOf =
    (wish: Pick<MemberWish, 'lang' | 'keptAs'>) =>
    ({ record }: Member) =>
      record.lang === wish.lang && record.keptAs === wish.keptAs

  function take(session: SessionRecord, owner: string): SessionRecord {
    const taken = { ...session, owner, epoch: session.epoch + 1 }
    sessions.set(session.id, taken)
    return taken
  }

  function lease(ask: Pick<LeaseAsk, 'lang' | 'keptAs' | 'owner'>): MemberRecord | undefined {
    const free = [...members.values()].filter((member) => isOf(ask)(member) && member.state === 'free')
    const first = (free.find(({ record }) => record.owner === ask.owner) ?? free[0])?.record
    if (!first) return undefined
    const record = { ...first, owner: ask.owner }
    members.set(first.sandbox, { record, state: 'leased', at: now() })
    return record
  }

  return {
    fail: (set) => void (down = set),
    sessionOpened: (record) =>
      answer(() => {
        members.delete(record.sandbox)
        places.leave([record.id])
        if (!sessions.has(record.id)) sessions.set(record.id, record)
      }),
    sessionEnded: (id, reason) =>
      answer(() => {
        const session = sessions.get(id)
        if (session && !session.reason) sessions.set(id, { ...session, reason })
      }),
    sessionIsHeld: (id, epoch) => answer(() => live().some((session) => session.id === id && session.epoch === epoch)),
    takeSession: (id, tokenHash, owner) =>
      answer(() => {
        const session = sessions.get(id)
        if (!session) return err({ code: 'no_session' })
        if (session.tokenHash !== tokenHash) return err({ code: 'bad_token' })
        return session.reason ? err({ code: 'session_ended', reason: session.reason }) : ok(take(session, owner))
      }),
    takeOrphans: (owner, of, max) =>
      answer(() =>
        live()
          .filter((session) => (of === 'everybody' ? session.owner !== owner : of.includes(session.owner)))
          .slice(0, max)
          .map((session) => take(session, owner)),
      ),
    expireSessions: (afterEndMs) =>
      answer(() => {
        for (const session of live())
          if (session.lifeEndsAt.getTime() + afterEndMs <= now()) sessions.set(session.id, { ...session, reason: 'lost' })
      }),
    reserveMember: (wish, { own, all, total }) =>
      answer(() => {
        const there = [...members.values()].filter(({ state }) => state !== 'leased')
        const kind = there.filter(isOf(wish))
        const isWanted = kind.length < all || kind.filter(({ record }) => record.owner === wish.owner).length < own
        if (!isWanted || there.length >= total) return false
        members.set(wish.sandbox, { record: { ...wish, key: '' }, state: 'creating', at: now() })
        return true
      }),
    memberReady: (member) =>
      answer(() => {
        if (members.get(member.sandbox)?.state !== 'leased')
          members.set(member.sandbox, { record: member, state: 'free', at: now() })
      }),
    lease: (ask) => answer(() => lease(ask)),
    memberGone: (sandbox, owner) =>
      answer(() => {
        const isOurs = (members.get(sandbox)?.record.owner ?? owner) === owner
        if (isOurs) members.delete(sandbox)
        return isOurs
      }),
    takeMembers: (owner, of) =>
      answer(() =>
        [...members.values()]
          .filter(({ record }) => of.includes(record.owner))
          .flatMap((member) => {
            const record = { ...member.record, owner }
            if (member.state === 'free') members.set(record.sandbox, { ...member, record })
            else members.delete(record.sandbox)
            return member.state === 'free' ? [record] : []
          }),
      ),
    expireMembers: (olderThanMs) =>
      answer(() => {
        for (const { record, state, at } of members.values())
          if (state !== 'free' && at <= now() - olderThanMs) members.delete(record.sandbox)
      }),
    forgetMembers: () => answer(() => members.clear()),
    ledger: () => answer(() => new Set([...live().map(({ sandbox }) => sandbox), ...members.keys()])),
    beat: (name) =>
      answer(() => {
        replicas.set(name, (replicas.get(name) ?? 0) + 1)
        return [...replicas].map(([each, beats]) => ({ name: each, beats }))
      }),
    forgetReplicas: (names) =>
      answer(() => {
        const busy = new Set([...live(), ...[...members.values()].map(({ record }) => record)].map(({ owner }) => owner))
        places.forgetOwners(names)
        for (const name of names) if (!busy.has(name)) replicas.delete(name)
      }),
    ping: () => answer(() => undefined),
    enterPlace: (ask, bounds) =>
      answer(() => {
        const entered = places.enter(ask, bounds)
        return entered.code === 'entered' ? { code: 'entered', member: lease(ask) } : entered
      }),
    placeTurns: (owner, waiting, sessionsMax) => answer(() => places.turns(owner, waiting, sessionsMax)),
    leavePlaces: (left) => answer(() => places.leave(left)),
    expirePlaces: (olderThanMs) => answer(() => places.expire(olderThanMs)),
  }
}
