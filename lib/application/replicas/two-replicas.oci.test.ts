import { afterAll, beforeAll, expect, test } from 'vitest'

import { memoryLog, memoryMetrics } from '#lib/adapters/memory/log.ts'
import { NOTHING, ociWorld } from '#lib/adapters/oci-runtime/testing.ts'
import { migratedDatabase } from '#lib/adapters/postgres/world.contract.ts'
import { prismaRecords } from '#lib/adapters/prisma/records.ts'
import { systemClock, systemRandom } from '#lib/adapters/system/time.ts'
import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import type { Language } from '#lib/domain/language.ts'
import { terminalSize } from '#lib/domain/terminal-size.ts'

import { admission } from '../admission/admission.ts'
import { Pool } from '../pool/pool.ts'
import { openSession } from '../sessions/open-session.ts'
import { outputShare } from '../sessions/output-share.ts'
import { SessionRegistry } from '../sessions/registry.ts'
import type { Session } from '../sessions/session.ts'
import { resumeSession } from '../sessions/take-over.ts'
import { NO_VIEWER, type Viewer } from '../sessions/viewer.ts'
import { never, python } from '../testing/world.ts'
import { keepUp } from './keep-up.ts'

const TIMEOUT_MS = 5000
const MIB = 1024 * 1024
const PATIENCE = { timeout: 30_000 }
const SIZE = terminalSize(80, 24)
/** A shell that says when it waits. */
const shell: Language = { ...python, main: 'main.sh', run: 'sh main.sh', repl: `PS1='> ' sh` }

let database: Awaited<ReturnType<typeof migratedDatabase>>
let machine: Awaited<ReturnType<typeof ociWorld>>
let sandboxes: Sandboxes

beforeAll(async () => {
  ;[database, machine] = await Promise.all([migratedDatabase(), ociWorld({ sandboxesMax: 10 })])
  sandboxes = await machine.open()
})
afterAll(async () => {
  await sandboxes.close()
  expect(machine.ledger()).toEqual(NOTHING)
  await machine.end()
  await database.end()
})

/** A server in this process, with connections of its own to the database that it shares. */
function replica(name: string) {
  const records = prismaRecords({ url: database.url, timeoutMs: TIMEOUT_MS })
  const [metrics, log] = [memoryMetrics(), memoryLog()]
  const base = { sandboxes, records, replica: name, clock: systemClock, random: systemRandom, metrics, log }
  const pool = new Pool(base, {
    ...{
      languages: () => [shell],
      kept: [shell.id],
      keptEach: 1,
      plainMembers: 0,
      memoryBytes: 16 * MIB,
      membersPerLanguageMax: 1,
    },
    ...{ isShared: true, startMs: 20_000, startsMax: 1 },
  })
  const registry = new SessionRegistry(base)
  const many = { sessionsMax: 10, perAddressMax: 10, startsPerMinute: 100, queueMax: 10 }
  const world = {
    ...{
      ...base,
      pool,
      registry,
      isShared: true,
      startMs: 30_000,
      graceMs: 60_000,
      refusal: () => undefined,
      language: () => shell,
    },
    ...{ admission: admission(systemClock, metrics, many), share: outputShare(systemClock, 1e9) },
  }
  const resume = resumeSession(world)
  return {
    ...{ records, pool, registry, metrics },
    keepUp: () => keepUp(world),
    async open() {
      const ask = { language: shell, address: '192.0.2.1', size: SIZE, phase() {}, signal: never }
      const opened = await openSession(world, ask)
      if (!opened.ok) throw new Error(opened.error.code)
      return opened.value
    },
    async resume({ session, token }: { session: Session; token: string }) {
      const found = await resume({ session: session.id, token, address: '192.0.2.1' })
      if (!found.ok) throw new Error(found.error.code)
      return found.value
    },
  }
}

async function watch(session: Session, offset: number) {
  let got = Buffer.alloc(0)
  const viewer: Viewer = {
    ...NO_VIEWER,
    output(at, bytes) {
      got = Buffer.concat([got, bytes])
      session.ack(at + bytes.length)
    },
  }
  const attached = await session.attach(viewer, offset, SIZE)
  if (!attached.ok) throw new Error(attached.error.code)
  return { text: () => got.toString(), end: () => attached.value.from + got.length, inputEnd: attached.value.inputEnd }
}

const type = (session: Session, at: number, text: string) => session.input(at, Buffer.from(text))

test('two servers fill one pool, and lease from each other; a session goes on at the one while the other lives, lets go, or is gone', async () => {
  const [a, b] = [replica('a'), replica('b')]
  a.pool.start()
  b.pool.start()
  const members = () => a.pool.size() + b.pool.size()
  await expect.poll(members, PATIENCE).toBe(1)

  // Whoever has it, the other one opens a session on it.
  const [has, lacks] = a.pool.size() === 1 ? [a, b] : [b, a]
  await has.pool.stop() // its member stays
  await lacks.pool.stop()
  const opened = await lacks.open()
  expect(opened.path).toBe('warm')
  const first = await watch(opened.session, 0)
  await expect.poll(first.text, PATIENCE).toBe('> ')
  type(opened.session, 0, 'echo one\n')
  await expect.poll(first.text, PATIENCE).toBe('> echo one\r\none\r\n> ')

  // While it lives. Its row is written beside the prompt.
  await expect.poll(() => has.records.sessionIsHeld(opened.session.id, 1), PATIENCE).toBe(true)
  const second = await has.resume(opened)
  const seen = await watch(second, first.end())
  type(second, seen.inputEnd, 'echo two\n')
  await expect.poll(seen.text, PATIENCE).toBe('echo two\r\ntwo\r\n> ')
  expect([opened.session.state, first.text()]).toEqual(['released', '> echo one\r\none\r\n> '])

  // After it let go.
  has.registry.releaseAll()
  const third = await lacks.resume(opened)
  const back = await watch(third, seen.end())
  type(third, back.inputEnd, 'echo three\n')
  await expect.poll(back.text, PATIENCE).toBe('echo three\r\nthree\r\n> ')

  // After it fell silent, without a word to anybody.
  await lacks.records.beat(lacks === a ? 'a' : 'b')
  const keeping = has.keepUp()
  await expect.poll(() => has.registry.size(), { timeout: 40_000, interval: 250 }).toBe(1)
  const fourth = await has.resume(opened)
  expect([third.state, fourth.epoch]).toEqual(['released', 4])
  const last = await watch(fourth, back.end())
  type(fourth, last.inputEnd, 'echo four\n')
  await expect.poll(last.text, PATIENCE).toBe('echo four\r\nfour\r\n> ')

  await keeping.stop()
  await fourth.end('stopped')
  await expect.poll(async () => (await has.records.ledger()).size, PATIENCE).toBe(0)
  expect(machine.ledger().processes).toEqual([])
  await Promise.all([a.records.close(), b.records.close()])
}, 120_000)
