import { expect, test } from 'vitest'

import type { LangId, SandboxId, SessionId } from '#lib/domain/ids.ts'
import type { MemberRecord, MemberWish, Records, SessionRecord } from './records.ts'

const python = 'python' as LangId
const [here, there] = ['here', 'there']
const hash = 'ab'.repeat(32)
let made = 0
const next = () => (++made).toString(16)
const newSession = () => next().padStart(32, '0') as SessionId
const newSandbox = () => `sb${next().padStart(20, '0')}` as SandboxId

const record = (also: Partial<SessionRecord> = {}): SessionRecord => ({
  id: newSession(),
  lang: python,
  sandbox: newSandbox(),
  sandboxKey: 'key',
  tokenHash: hash,
  epoch: 1,
  owner: here,
  startedAt: new Date('2026-01-02T03:04:05.678Z'),
  lifeEndsAt: new Date('2026-01-02T04:04:05.678Z'),
  ...also,
})
const wish = (also: Partial<MemberWish> = {}): MemberWish => ({
  ...{ sandbox: newSandbox(), lang: python, keptAs: 'image a', owner: here },
  ...also,
})
const member = (also: Partial<MemberRecord> = {}): MemberRecord => ({ ...wish(), key: 'key', address: '10.0.0.1:7117', ...also })
const ask = (also: Partial<MemberWish> = {}) => ({
  ...{ lang: python, keptAs: 'image a', owner: here, session: newSession() },
  ...also,
})
const NO_BOUND = { own: 1000, all: 1000, total: 1000 }

/** What every maker of {@link Records} keeps. `fresh` gives one without members; sessions of others may be in it. */
export function recordsContract(fresh: () => Promise<Records>): void {
  test('a session can be taken over from its opening to its end, each time at the next epoch', async () => {
    const records = await fresh()
    const session = record({ address: '10.0.0.1:7117' })
    await records.sessionOpened(session)

    expect(await records.takeSession(session.id, hash, there)).toEqual({
      ok: true,
      value: { ...session, owner: there, epoch: 2 },
    })
    expect(await records.takeSession(session.id, hash, here)).toEqual({ ok: true, value: { ...session, epoch: 3 } })
    expect(await records.sessionIsHeld(session.id, 2)).toBe(false)
    expect(await records.sessionIsHeld(session.id, 3)).toBe(true)

    await records.sessionEnded(session.id, 'idle')
    await records.sessionEnded(session.id, 'stopped')
    expect(await records.sessionIsHeld(session.id, 3)).toBe(false)
    expect(await records.takeSession(session.id, hash, there)).toEqual({
      ok: false,
      error: { code: 'session_ended', reason: 'idle' },
    })
  })

  test('whoever has another token takes nothing over, and learns nothing of the end', async () => {
    const records = await fresh()
    const session = record()
    await records.sessionOpened(session)
    const refused = { ok: false, error: { code: 'bad_token' } }

    expect(await records.takeSession(session.id, 'cd'.repeat(32), there)).toEqual(refused)
    expect(await records.sessionIsHeld(session.id, 1)).toBe(true)
    await records.sessionEnded(session.id, 'idle')
    expect(await records.takeSession(session.id, 'cd'.repeat(32), there)).toEqual(refused)
    expect(await records.takeSession(newSession(), hash, there)).toEqual({ ok: false, error: { code: 'no_session' } })
  })

  test('a session that is opened again stays as it is', async () => {
    const records = await fresh()
    const session = record()
    await records.sessionOpened(session)
    await records.takeSession(session.id, hash, there)
    await records.sessionOpened(session)
    expect(await records.sessionIsHeld(session.id, 2)).toBe(true)
  })

  test('the end of an unknown session is no error', async () => {
    const records = await fresh()
    await expect(records.sessionEnded(newSession(), 'lost')).resolves.toBeUndefined()
  })

  test('several that take orphans at once share them without a double, and leave those of others', async () => {
    const records = await fresh()
    const gone = `gone ${next()}`
    const orphans = Array.from({ length: 30 }, () => record({ owner: gone }))
    const ended = record({ owner: gone })
    const other = record({ owner: here })
    for (const session of [...orphans, ended, other]) await records.sessionOpened(session)
    await records.sessionEnded(ended.id, 'left')

    const takers = Array.from({ length: 6 }, (_, n) => records.takeOrphans(`taker ${n}`, [gone], 10))
    const taken = (await Promise.all(takers)).flat()

    expect(new Set(taken.map(({ id }) => id)).size).toBe(taken.length)
    const rest = await records.takeOrphans(there, [gone], 100)
    expect([...taken, ...rest].map(({ id }) => id).toSorted()).toEqual(orphans.map(({ id }) => id).toSorted())
    expect([...taken, ...rest].every(({ epoch }) => epoch === 2)).toBe(true)
    expect(await records.sessionIsHeld(other.id, 1)).toBe(true)
    expect((await records.takeOrphans(there, 'everybody', 100)).map(({ id }) => id)).toContain(other.id)
  })

  test('a session that nobody ended long after its life was over is lost', async () => {
    const records = await fresh()
    const [over, living] = [record({ lifeEndsAt: new Date(-1) }), record({ lifeEndsAt: new Date(8.64e12) })]
    await records.sessionOpened(over)
    await records.sessionOpened(living)
    await records.expireSessions(0)
    expect(await records.takeSession(over.id, hash, there)).toMatchObject({ error: { code: 'session_ended', reason: 'lost' } })
    expect(await records.sessionIsHeld(living.id, 1)).toBe(true)
  })

  test('a lease takes the oldest of its kind, once, and never another kind', async () => {
    const records = await fresh()
    const [first, plain, second] = [member(), member({ lang: undefined, keptAs: '' }), member()]
    for (const each of [first, plain, second]) await records.memberReady(each)

    expect(await records.lease(ask({ lang: 'c' as LangId }))).toBeUndefined()
    expect(await records.lease(ask({ keptAs: 'image b' }))).toBeUndefined()
    expect(await records.lease(ask())).toEqual(first)
    expect(await records.lease(ask())).toEqual(second)
    expect(await records.lease(ask())).toBeUndefined()
    expect(await records.lease(ask({ lang: undefined, keptAs: '' }))).toEqual(plain)
    expect(await records.lease(ask({ lang: undefined, keptAs: '' }))).toBeUndefined()
  })

  test("a lease prefers this replica's own, and else takes another's over", async () => {
    const records = await fresh()
    const [theirs, ours] = [member({ owner: there }), member()]
    await records.memberReady(theirs)
    await records.memberReady(ours)

    expect(await records.lease(ask())).toEqual(ours)
    expect(await records.lease(ask())).toEqual({ ...theirs, owner: here })
    expect(await records.memberGone(theirs.sandbox, there)).toBe(false)
    expect((await records.ledger()).has(theirs.sandbox)).toBe(true)
  })

  test('a member that is gone or forgotten is not leased, one that is leased is not made free again', async () => {
    const records = await fresh()
    const [gone, forgotten] = [member(), member()]
    await records.memberReady(gone)
    expect(await records.memberGone(gone.sandbox, here)).toBe(true)
    expect(await records.memberGone(gone.sandbox, here)).toBe(true)
    expect(await records.lease(ask())).toBeUndefined()

    await records.memberReady(forgotten)
    expect(await records.lease(ask())).toEqual(forgotten)
    await records.memberReady(forgotten)
    expect(await records.lease(ask())).toBeUndefined()
    await records.forgetMembers()
    await records.memberReady(forgotten)
    expect(await records.lease(ask())).toEqual(forgotten)
  })

  test('two hundred leases at once share a hundred members without a double', async () => {
    const records = await fresh()
    const members = Array.from({ length: 100 }, () => member())
    for (const each of members) await records.memberReady(each)

    const leased = await Promise.all(Array.from({ length: 200 }, () => records.lease(ask())))

    const got = leased.flatMap((each) => each?.sandbox ?? [])
    expect(got.toSorted()).toEqual(members.map(({ sandbox }) => sandbox).toSorted())
    await expect(records.ping()).resolves.toBeUndefined()
  })

  test('however many reserve at once, members are never more than the bounds', async () => {
    const records = await fresh()
    const reserve = (owner: string, bounds: Partial<typeof NO_BOUND>, keptAs = 'image a') =>
      records.reserveMember(wish({ owner, keptAs }), { own: 0, all: 0, total: 1000, ...bounds })
    const granted = async (asked: Promise<boolean>[]) => (await Promise.all(asked)).filter(Boolean).length

    expect(await granted(Array.from({ length: 12 }, (_, n) => reserve(n % 2 ? here : there, { all: 3 })))).toBe(3)
    expect(await granted(Array.from({ length: 6 }, () => reserve('third', { own: 2, all: 3 })))).toBe(2)
    expect(await granted(Array.from({ length: 6 }, () => reserve(here, { own: 9, total: 7 }, 'image b')))).toBe(2)
  })

  test('a place that is kept cannot be leased until its member is ready; a leased one is no member any more', async () => {
    const records = await fresh()
    const coming = member()
    expect(await records.reserveMember(coming, { own: 1, all: 0, total: 1 })).toBe(true)
    expect(await records.lease(ask())).toBeUndefined()
    expect(await records.reserveMember(wish(), { own: 1, all: 1, total: 1 })).toBe(false)

    await records.memberReady(coming)
    expect(await records.lease(ask())).toEqual(coming)
    expect(await records.reserveMember(wish(), { own: 1, all: 1, total: 1 })).toBe(true)
  })

  test('the members of a replica that is gone are free for whoever takes them; what it had begun is forgotten', async () => {
    const records = await fresh()
    const [free, leased, coming] = [member({ owner: there }), member({ owner: there, keptAs: 'leased' }), wish({ owner: there })]
    await records.memberReady(free)
    await records.memberReady(leased)
    await records.reserveMember(coming, NO_BOUND)
    await records.lease(ask({ keptAs: 'leased', owner: there }))

    expect(await records.takeMembers(here, [there])).toEqual([{ ...free, owner: here }])
    expect(await records.takeMembers(here, [there])).toEqual([])
    const ledger = await records.ledger()
    expect([free, leased, coming].map(({ sandbox }) => ledger.has(sandbox))).toEqual([true, false, false])
  })

  test('places and leases that nothing came of expire, and free members do not', async () => {
    const records = await fresh()
    const [free, leased, coming] = [member(), member({ keptAs: 'leased' }), wish()]
    await records.memberReady(free)
    await records.memberReady(leased)
    await records.reserveMember(coming, NO_BOUND)
    await records.lease(ask({ keptAs: 'leased' }))
    const known = async () => {
      const ledger = await records.ledger()
      return [free, leased, coming].map(({ sandbox }) => ledger.has(sandbox))
    }

    await records.expireMembers(3_600_000)
    expect(await known()).toEqual([true, true, true])
    await records.expireMembers(0)
    expect(await known()).toEqual([true, false, false])
  })

  test('the ledger knows a sandbox as a member and then as a session, until that ends', async () => {
    const records = await fresh()
    const session = record()
    const isKnown = async () => (await records.ledger()).has(session.sandbox)

    await records.memberReady(member({ sandbox: session.sandbox }))
    await records.lease(ask())
    expect(await isKnown()).toBe(true)
    await records.sessionOpened(session)
    await records.expireMembers(0)
    expect(await isKnown()).toBe(true)
    await records.sessionEnded(session.id, 'left')
    expect(await isKnown()).toBe(false)
  })

  test('each beat is seen by the others; a replica is forgotten only when nothing is its own', async () => {
    const records = await fresh()
    const [one, two] = [`one ${next()}`, `two ${next()}`]
    const seen = async (by: string) => {
      const all = await records.beat(by)
      return [one, two].map((name) => all.find((each) => each.name === name)?.beats)
    }
    expect(await seen(one)).toEqual([1, undefined])
    expect(await seen(two)).toEqual([1, 1])
    expect(await seen(one)).toEqual([2, 1])

    const session = record({ owner: two })
    await records.sessionOpened(session)
    await records.forgetReplicas([two])
    expect(await seen(one)).toEqual([3, 1])
    await records.sessionEnded(session.id, 'left')
    await records.forgetReplicas([two])
    expect(await seen(one)).toEqual([4, undefined])
    await records.forgetReplicas([one])
  })
}
