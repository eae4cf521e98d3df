import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'

import { memoryRecords } from '../adapters/memory/records.ts'
import { systemClock, systemRandom } from '../adapters/system/time.ts'
import { admission } from '../application/admission/admission.ts'
import type { CheckImage } from '../application/builds/steps/step-world.ts'
import { Versions } from '../application/languages/versions.ts'
import type { ImageRoots } from '../application/ports/image-roots.ts'
import type { Log } from '../application/ports/log.ts'
import type { Metrics } from '../application/ports/metrics.ts'
import type { Sandboxes } from '../application/ports/sandboxes.ts'
import { openSession } from '../application/sessions/open-session.ts'
import { outputShare } from '../application/sessions/output-share.ts'
import { SessionRegistry } from '../application/sessions/registry.ts'
import type { Language } from '../domain/language.ts'
import { err, ok } from '../domain/result.ts'
import { socketServer } from '../socket/socket-server.ts'
import { checkLanguage } from '../visitor/check-language.ts'

/** A check's session is opened anew when it is lost; there is one at a time. */
const SESSIONS_MAX = 4
const STARTS_PER_MINUTE = 6000
/** A node may have to fetch the image first. A check's call waits for 120 s. */
const START_MS = 100_000
/** Nobody reads what a test prints as it comes. */
const OUTPUT_BYTES_PER_CORE = 2_000_000
/** Visitors' outcomes are counted, not those of tests. */
const uncounted: Metrics = { count() {}, observe() {}, set() {} }

/**
 * Tests a language through a socket of its own on this machine, by the very way that a visitor takes. Its sessions are in no
 * table: what a crash leaves of them is swept at the next start.
 */
export function imageChecks(sandboxes: Sandboxes, roots: ImageRoots, log: Log): CheckImage {
  return async (language, { signal, log: write }) => {
    // A visitor's start has half a minute for all; to unpack a large image may take longer.
    const held = language.foundation && (await roots.hold(language.foundation, signal))
    if (held && !held.ok) return { results: [], unopened: JSON.stringify(held.error) }
    using _ = { [Symbol.dispose]: () => held?.value.release() }
    await using server = await privateServer(sandboxes, language, log)
    const done = await checkLanguage({
      ...{ url: server.url, language, checks: language.checks.declared, clock: systemClock, signal },
      done: ({ check, ok: passed, ms, why }) =>
        void write(`${passed ? 'ok  ' : 'FAIL'} ${check} ${ms} ms${why ? `: ${why}` : ''}\n`),
    })
    if (done.kind === 'not-ready') return { results: [], unopened: done.why }
    const version = language.versionCommand === undefined ? undefined : await server.version()
    return { results: done.results, ...(done.unopened && { unopened: done.unopened }), ...(version !== undefined && { version }) }
  }
}

async function privateServer(sandboxes: Sandboxes, language: Language, log: Log) {
  const time = { clock: systemClock, random: systemRandom }
  const base = { sandboxes, records: memoryRecords(), replica: 'check', ...time, metrics: uncounted, log }
  const refusal = () => undefined
  const registry = new SessionRegistry(base)
  const gate = admission(systemClock, uncounted, {
    ...{ sessionsMax: SESSIONS_MAX, perAddressMax: SESSIONS_MAX, startsPerMinute: STARTS_PER_MINUTE, queueMax: SESSIONS_MAX },
  })
  const share = outputShare(systemClock, OUTPUT_BYTES_PER_CORE * availableParallelism())
  const pool = { take: async () => undefined }
  const world = { ...base, isShared: false, pool, admission: gate, registry, share, graceMs: 0, startMs: START_MS, refusal }
  const versions = new Versions({ ...base, refusal })

  const http = createServer((_, response) => void response.writeHead(404).end())
  const sockets = socketServer(
    http,
    {
      ...{ clock: systemClock, metrics: uncounted, log },
      find: async ({ session, token }) => registry.find(session, token),
      language: (id) => (id === language.id ? ok(language) : err({ code: 'unknown_lang', lang: id })),
      version: (asked) => versions.of(asked),
      open: (ask) => openSession(world, ask),
      hasRoom: () => true,
    },
    { origins: [], trustedProxies: 0, sessionsPerAddress: SESSIONS_MAX },
  )
  await new Promise<void>((done, fail) => http.once('error', fail).listen(0, '127.0.0.1', done))
  const { port } = http.address() as AddressInfo // a TCP server that listens has one
  return {
    url: `http://127.0.0.1:${port}`,
    async version(): Promise<string | undefined> {
      const said = await versions.of(language)
      return said.ok ? said.value.text : undefined
    },
    async [Symbol.asyncDispose]() {
      sockets.close()
      await registry.endAll('lost')
      http.closeAllConnections()
      await new Promise((done) => http.close(done))
    },
  }
}
