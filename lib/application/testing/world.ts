import type { MemoryAgent } from '#lib/adapters/memory/agent.ts'
import { type MemoryClock, memoryClock } from '#lib/adapters/memory/clock.ts'
import { memoryLog, memoryMetrics } from '#lib/adapters/memory/log.ts'
import { memoryRecords } from '#lib/adapters/memory/records.ts'
import { memorySandboxes, type MemorySandboxes } from '#lib/adapters/memory/sandboxes.ts'
import { langId, type LangId, type SandboxId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { terminalSize } from '#lib/domain/terminal-size.ts'
import type { JobEvent } from '#lib/protocol/browser.ts'

import { admission } from '../admission/admission.ts'
import { sharedAdmission } from '../admission/shared-admission.ts'
import { Pool } from '../pool/pool.ts'
import { openSession, type OpenSession } from '../sessions/open-session.ts'
import { outputShare } from '../sessions/output-share.ts'
import { SessionRegistry } from '../sessions/registry.ts'
import type { Session } from '../sessions/session.ts'
import { resumeSession } from '../sessions/take-over.ts'
import type { Viewer } from '../sessions/viewer.ts'

export const never = new AbortController().signal

export const python: Language = {
  id: langId('python') as LangId,
  aliases: ['py'],
  name: 'Python',
  packages: ['python3'],
  needs: ['python3'],
  main: 'main.py',
  template: 'print("Hello, world!")\n',
  prefix: '',
  suffix: '',
  run: 'python3 main.py "$@"',
  takesArgs: true,
  args: [],
  takesFlags: false,
  flags: [],
  repl: 'python3',
  limits: DEFAULT_LIMITS,
  info: {},
  checks: {
    declared: ['run'],
    timeoutMs: 1000,
    hello: 'Hello, world!',
    helloInput: [],
    input: [],
    output: '',
    runReplInput: [],
    runReplOutput: '',
    skipped: [],
  },
}

const STEP_MS = 4000

type Options = {
  room?: number
  canary?: 'blocked' | 'open'
  /** Sandboxes have a network with a firewall before it. */
  isWalled?: boolean
  agent?: () => MemoryAgent
  sessionsMax?: number
  perAddressMax?: number
  queueMax?: number
  startsPerMinute?: number
  languages?: () => readonly Language[]
  kept?: readonly LangId[]
  keptEach?: number
  plainMembers?: number
  poolBytes?: number
  refusal?: () => Problem | undefined
  /** Another world's, with which this one is one of several servers. */
  beside?: { clock: MemoryClock; records: ReturnType<typeof memoryRecords>; sandboxes: MemorySandboxes }
  isShared?: boolean
  startsMax?: number
}

/** Everything a session needs, in memory, on a clock that stands still. */
export function world(options: Options = {}) {
  const { beside } = options
  const isShared = options.isShared ?? beside !== undefined
  const clock = beside?.clock ?? memoryClock()
  const metrics = memoryMetrics()
  const log = memoryLog()
  const records = beside?.records ?? memoryRecords(() => clock.now())
  const replica = beside ? 'there' : 'here'
  const { room, canary, agent, isWalled = false } = options
  const sandboxes =
    beside?.sandboxes ??
    memorySandboxes({ ...(room !== undefined && { room }), ...(canary && { canary }), ...(agent && { agent }), isWalled })
  let n = 0
  const random = { hex: (bytes: number) => (beside ? 'f' : '') + (++n).toString(16).padStart(bytes * 2 - (beside ? 1 : 0), '0') }
  const pool = new Pool(
    { sandboxes, records, replica, clock, random, metrics, log },
    {
      languages: () => options.languages?.() ?? [python],
      kept: options.kept ?? [],
      keptEach: options.keptEach ?? 1,
      plainMembers: options.plainMembers ?? 0,
      memoryBytes: options.poolBytes ?? 0,
      membersPerLanguageMax: 4,
      isShared,
      startMs: 20_000,
      startsMax: options.startsMax ?? 1,
    },
  )
  const { sessionsMax = 100, perAddressMax = 100, startsPerMinute = 1000, queueMax = 10 } = options
  const limits = { sessionsMax, perAddressMax, startsPerMinute, queueMax }
  const admitted = isShared
    ? sharedAdmission({ records, replica, clock, metrics, log }, limits)
    : admission(clock, metrics, limits)
  const registry = new SessionRegistry({ records, clock, metrics, log })
  const refusal = options.refusal ?? (() => undefined)
  const share = outputShare(clock, 24_000_000)
  const deps = {
    share,
    sandboxes,
    records,
    replica,
    isShared,
    pool,
    admission: admitted,
    registry,
    clock,
    random,
    metrics,
    log,
    graceMs: 60_000,
    startMs: 30_000,
    refusal,
  }

  const takeOver = {
    ...deps,
    language: (id: LangId) => (options.languages?.() ?? [python]).find((language) => language.id === id),
  }
  const resume = resumeSession(takeOver)
  const tryOpen = (ask: Partial<OpenSession> = {}) =>
    openSession(deps, {
      language: python,
      address: '192.0.2.1',
      size: terminalSize(80, 24),
      phase: () => {},
      signal: never,
      ...ask,
    })
  return {
    ...{ clock, metrics, log, records, sandboxes, pool, admission: admitted, registry, deps, takeOver, resume, tryOpen, settled },
    /** Time goes by in steps that heartbeats can answer in. */
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= STEP_MS) {
        clock.advance(Math.min(STEP_MS, left))
        await settled()
      }
    },
    async open(ask: Partial<OpenSession> = {}) {
      const opened = await tryOpen(ask)
      if (!opened.ok) throw new Error(`Not opened: ${opened.error.code}`)
      return opened.value
    },
    async watch(session: Session, offset = 0, { draws = true } = {}) {
      const viewer = watcher(session, draws)
      await session.attach(viewer, offset, terminalSize(80, 24))
      return viewer
    },
    agentOf: (session: Session) =>
      sandboxes.agent(sandboxes.running().find((id: SandboxId) => sandboxes.agent(id).claims[0] === session.id) as SandboxId),
  }
}

/** Lets everything that waits for nothing but its turn happen. */
async function settled(): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise((done) => setImmediate(done))
}

/** A viewer that remembers; it acknowledges what it gets unless it does not draw. */
function watcher(session: Session, draws: boolean) {
  let got = Buffer.alloc(0)
  const waiting: { text: string; done: (text: string) => void }[] = []
  const events: string[] = []
  const jobs: JobEvent[] = []
  const problems: Problem[] = []
  const viewer: Viewer = {
    output(offset, bytes) {
      got = Buffer.concat([got, bytes])
      if (draws) session.ack(offset + bytes.length)
      for (const one of waiting) if (got.toString() === one.text) one.done(one.text)
    },
    inputAck: (offset) => void events.push(`input-ack ${offset}`),
    job: (event) => void jobs.push(event),
    problem: (problem) => void problems.push(problem),
    lspOutput: (server, offset, bytes) => void events.push(`lsp ${server} ${offset} ${Buffer.from(bytes).toString()}`),
    lspEnded: (server, end) => void events.push(`lsp-ended ${server} ${end.reason}`),
    ended: (reason) => void events.push(`ended ${reason}`),
    replaced: () => void events.push('replaced'),
    moved: () => void events.push('moved'),
  }
  return Object.assign(viewer, {
    ...{ events, jobs, problems },
    bytes: () => got.length,
    /** All that was printed, once it is this text; a test that never sees it fails by its own time. */
    text: (text: string) =>
      got.toString() === text ? Promise.resolve(text) : new Promise<string>((done) => waiting.push({ text, done })),
  })
}
