import { expect, test } from 'vitest'

import { CLAIM_MS, type KeptSession, tabSession } from './tab-session.ts'

const KEPT: KeptSession = { session: 'a'.repeat(32), token: 'b'.repeat(32), screenFrom: 12 }
let languages = 0

/** Tabs of one language under the process's own locks; `waits` are the times they would wait, ended by hand. */
function world() {
  const lang = `test${++languages}` // locks are held for the process's life
  const waits: { ms: number; call: () => void }[] = []
  const tab = (entries: Iterable<readonly [string, string]> = []) => {
    const values = new Map(entries)
    const store = {
      getItem: (key: string) => values.get(key) ?? null,
      setItem: (key: string, value: string) => void values.set(key, value),
      removeItem: (key: string) => void values.delete(key),
    }
    const session = tabSession(lang, store, navigator.locks, (ms, call) => {
      const wait = { ms, call }
      waits.push(wait)
      return () => void waits.splice(waits.indexOf(wait), 1)
    })
    return { session, values }
  }
  return { tab, waits }
}

test('a tab that comes back finds its session', async () => {
  const { tab } = world()
  const before = tab()
  before.session.keep(KEPT)

  expect(await before.session.take()).toEqual(KEPT)
})

test('a copy of a tab waits for its time and then starts anew, the first keeps what it has', async () => {
  const { tab, waits } = world()
  const first = tab()
  first.session.keep(KEPT)
  await expect.poll(() => waits).toEqual([]) // the first holds the lock
  const copy = tab(first.values)
  const taken = copy.session.take()
  expect(waits.map(({ ms }) => ms)).toEqual([CLAIM_MS])

  waits[0]?.call()

  expect(await taken).toBeUndefined()
  expect([...copy.values]).toEqual([])
  expect(await first.session.take()).toEqual(KEPT)
})

test('what a page lets go of, the next one takes', async () => {
  const { tab, waits } = world()
  const old = tab()
  old.session.keep(KEPT)
  await expect.poll(() => waits).toEqual([])
  const reloaded = tab(old.values)
  const taken = reloaded.session.take()

  old.session.forget()

  expect(await taken).toEqual(KEPT)
})

test.each(['', 'null', '7', '{}', '{"session":"x"}', '{"session":1,"token":"t","screenFrom":0}'])(
  '%j is no session',
  async (text) => {
    const { tab } = world()
    const { session, values } = tab()
    session.keep(KEPT)
    values.set([...values.keys()][0] as string, text)

    expect(await session.take()).toBeUndefined()
  },
)
