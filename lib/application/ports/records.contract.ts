import { expect, test } from 'vitest'

import type { SandboxId, SessionId } from '#lib/domain/ids.ts'
import type { LangId } from '#lib/domain/ids.ts'
import type { Records, SessionRecord } from './records.ts'

const python = 'python' as LangId
let made = 0
const next = () => (++made).toString(16)
const newSession = () => next().padStart(32, '0') as SessionId
const newSandbox = () => `sb${next().padStart(20, '0')}` as SandboxId

const record = (): SessionRecord => ({
  id: newSession(),
  lang: python,
  sandbox: newSandbox(),
  sandboxKey: 'key',
  tokenHash: 'ab'.repeat(32),
  epoch: 1,
  startedAt: new Date('2026-01-02T03:04:05.678Z'),
  lifeEndsAt: new Date('2026-01-02T04:04:05.678Z'),
})

/** What every maker of {@link Records} keeps. `fresh` gives one without members; sessions of others may be in it. */
export function recordsContract(fresh: () => Promise<Records>): void {
  test('a session is live from its opening to its end, and comes back as it was', async () => {
    const records = await fresh()
    const session = record()
    const found = async () => (await records.liveSessions()).filter((live) => live.id === session.id)

    await records.sessionOpened(session)
    expect(await found()).toEqual([session])

    await records.sessionEnded(session.id, 'idle')
    await records.sessionEnded(session.id, 'stopped')
    expect(await found()).toEqual([])
  })

  test('the end of an unknown session is no error', async () => {
    const records = await fresh()
    await expect(records.sessionEnded(newSession(), 'lost')).resolves.toBeUndefined()
  })

  test('a lease takes the oldest of its kind, once, and never another kind', async () => {
    const records = await fresh()
    const [first, second, plain] = [newSandbox(), newSandbox(), newSandbox()]
    await records.memberReady({ sandbox: first, key: 'k', lang: python })
    await records.memberReady({ sandbox: plain, key: 'k', lang: undefined })
    await records.memberReady({ sandbox: second, key: 'k', lang: python })

    expect(await records.lease('c' as LangId, newSession())).toBeUndefined()
    expect(await records.lease(python, newSession())).toBe(first)
    expect(await records.lease(python, newSession())).toBe(second)
    expect(await records.lease(python, newSession())).toBeUndefined()
    expect(await records.lease(undefined, newSession())).toBe(plain)
    expect(await records.lease(undefined, newSession())).toBeUndefined()
  })

  test('a member that is gone or forgotten is not leased', async () => {
    const records = await fresh()
    const [gone, forgotten] = [newSandbox(), newSandbox()]
    await records.memberReady({ sandbox: gone, key: 'k', lang: python })
    await records.memberGone(gone)
    await records.memberGone(gone)
    expect(await records.lease(python, newSession())).toBeUndefined()

    await records.memberReady({ sandbox: forgotten, key: 'k', lang: python })
    await records.forgetMembers()
    expect(await records.lease(python, newSession())).toBeUndefined()
  })

  test('two hundred leases at once share a hundred members without a double', async () => {
    const records = await fresh()
    const members = Array.from({ length: 100 }, newSandbox)
    for (const sandbox of members) await records.memberReady({ sandbox, key: 'k', lang: python })

    const leased = await Promise.all(Array.from({ length: 200 }, () => records.lease(python, newSession())))

    const got = leased.filter((sandbox) => sandbox !== undefined)
    expect(got.toSorted()).toEqual(members.toSorted())
    await expect(records.ping()).resolves.toBeUndefined()
  })
}
