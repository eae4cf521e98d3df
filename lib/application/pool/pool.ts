import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { MemberRecord, Records } from '#lib/application/ports/records.ts'
import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import type { Clock, Random } from '#lib/application/ports/time.ts'
import { sandboxId, type LangId, type SandboxId, type SessionId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import { prepare, startPlain, type Warm } from '../sessions/warm-up.ts'
import { arrivals } from './arrivals.ts'
import { keptAs } from './kept-as.ts'
import { langOf, type Member, Members, PLAIN } from './members.ts'
import { hold, reach } from './reach.ts'
import { poolTargets, type Target } from './targets.ts'

/** The size a prompt is opened with before anybody's window is known; a claim resizes it. */
export const SIZE_BEFORE_CLAIM = { cols: 80, rows: 24 }
/** Leased members that turn out gone are skipped this often before a sandbox is started instead. */
const LEASE_TRIES = 3
/** After a failed start the next waits, twice as long each time. */
const BACKOFF_MS = { first: 500, max: 60_000 }
/** A just-leased member is replaced only after its visitor's prompt is out: a start would compete for the processor. */
const REFILL_AFTER_MS = 150
/** Private memory of a waiting member with a prompt, measured by `bench density`. */
const MEMBER_BYTES = 16 * 1024 * 1024

export type PoolOptions = {
  /** Those that can be started, as they are now. */
  languages(): readonly Language[]
  /** Languages that always have a member. */
  readonly kept: readonly LangId[]
  /** So many of each, among all servers. */
  readonly keptEach: number
  readonly plainMembers: number
  readonly memoryBytes: number
  readonly membersPerLanguageMax: number
  /** Other servers have members in the same records, and may dial ours. */
  readonly isShared: boolean
  /** A member that did not come up in this time is given up. */
  readonly startMs: number
  /** So many are started at a time. */
  readonly startsMax: number
}
export type PoolWorld = {
  sandboxes: Sandboxes
  records: Records
  /** The name of this one among those that share the records. */
  replica: string
  clock: Clock
  random: Random
  metrics: Metrics
  log: Log
}

/** Sandboxes started ahead: warm ones with a language's prompt open, and plain ones that take any language. */
export class Pool {
  readonly #world: PoolWorld
  readonly #options: PoolOptions
  readonly #members: Members
  readonly #arrivals
  readonly #backoff = new Map<string, { until: number; ms: number }>()
  #leasedAt: number[] = []
  #refillSeconds = 1
  #busy: Promise<void> | undefined
  #lacking: [string, Target][] = []
  /** Kinds that gained nothing since the last look. */
  readonly #refused = new Set<string>()
  /** Kinds of those that are being started. */
  readonly #coming = new Map<SandboxId, string>()
  readonly #starters = new Set<Promise<void>>()
  #wanted = false
  #stopped = new AbortController()
  #cancelRefill: () => void = () => {}

  constructor(world: PoolWorld, options: PoolOptions) {
    this.#world = world
    this.#options = options
    this.#members = new Members(world, { isShared: options.isShared, lost: () => this.#refill(BACKOFF_MS.first) })
    this.#arrivals = arrivals(world.clock)
  }

  start(): void {
    this.#refill(0)
  }

  /** Languages changed, or other servers' members: what is stale is never handed out again, and goes; what lacks is started. */
  changed(): void {
    this.#refill(0)
  }

  /** Somebody opened the language's page: have a prompt ready when they get there. */
  meant(lang: LangId): void {
    if (!this.#language(lang) || this.#arrivals.isMeant(lang)) return
    this.#arrivals.meant(lang)
    this.#refill(0)
  }

  /** A member of the language, else a plain one, else undefined: then the caller starts one. The lease is single-use. */
  async take(language: Language, session: SessionId): Promise<Warm | undefined> {
    const { clock, metrics } = this.#world
    const from = clock.now()
    this.#arrivals.started(language.id)
    const taken =
      (await this.#lease(language.id, language, session)) ??
      (takesPlain(language) ? await this.#lease(PLAIN, undefined, session) : undefined)
    metrics.observe('dragoman_pool_claim_lease_seconds', {}, (clock.now() - from) / 1000)
    metrics.count('dragoman_pool_claims_total', { result: taken ? (taken.lang ? 'hit' : 'plain') : 'miss' })
    if (taken) {
      metrics.observe('dragoman_pool_member_age_seconds', {}, (clock.now() - taken.bornAt) / 1000)
      this.#leasedAt.push(clock.now())
    }
    this.#refill(REFILL_AFTER_MS)
    return taken
  }

  /** Members of a server that is gone: those that still answer are ours now. */
  async adopt(records: readonly MemberRecord[]): Promise<void> {
    for (const record of records) {
      const language = record.lang && this.#language(record.lang)
      const key = language ? keptAs(language) : PLAIN
      const isCurrent = record.keptAs === key && (language !== undefined || record.lang === undefined)
      const warm = isCurrent && !this.#stopped.signal.aborted ? await reach(this.#world, record, language) : undefined
      if (warm) this.#members.keep({ ...warm, kind: record.lang ?? PLAIN, key, isRecorded: true })
      else await this.#members.forget(record.sandbox) // and the sweep ends it
    }
  }

  ready(lang: LangId | undefined): number {
    return this.#members.of(lang ?? PLAIN).length
  }

  size(): number {
    return this.#members.size()
  }

  /** Where others may lease them members go on; else they end. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('The pool is stopping'))
    this.#cancelRefill()
    await this.#busy
    await Promise.all(this.#starters)
    if (this.#options.isShared) this.#members.release()
    else await Promise.all(this.#members.all().map((member) => this.#members.drop(member)))
  }

  async #lease(kind: string, language: Language | undefined, session: SessionId): Promise<Warm | undefined> {
    const { isShared } = this.#options
    const key = language ? keptAs(language) : PLAIN
    if (!isShared && this.#members.of(kind).length === 0) return undefined
    for (let n = 0; n < LEASE_TRIES; n++) {
      const leased = await this.#leaseRow(kind, key, session)
      if (!leased) return undefined
      const { id, record } = leased
      const member = this.#members.take(id)
      const isGood = member?.key === key && !member.link.isClosed()
      const held = isGood && isShared && !record ? await hold(this.#world, member) : isGood ? member : undefined
      if (held) return held
      const reached = !member && record && isShared ? await reach(this.#world, record, language) : undefined
      if (reached) return reached
      if (member) void this.#members.drop(member)
      else void this.#members.forget(id)
    }
    return undefined
  }

  /**
   * The records decide. While they are away this process hands out what it started itself; so it does with members whose
   * row they may not have, or may have leased in a call that we gave up. The agents refuse any double.
   */
  async #leaseRow(kind: string, key: string, session: SessionId): Promise<{ id: SandboxId; record?: MemberRecord } | undefined> {
    const { records, replica, metrics, log } = this.#world
    const own = () => {
      const member = this.#members.of(kind).find(({ isRecorded }) => !isRecorded)
      return member && { id: member.sandbox.id }
    }
    try {
      const record = await records.lease({ lang: langOf(kind), keptAs: key, session, owner: replica })
      return record ? { id: record.sandbox, record } : own()
    } catch (error) {
      metrics.count('dragoman_pool_lease_fallback_total', {})
      log.warn('lease without database', { error: errorText(error) })
      for (const member of this.#members.of(kind)) member.isRecorded = false
      return own()
    }
  }

  #language(id: string): Language | undefined {
    return this.#options.languages().find((language) => language.id === id)
  }

  async #dropStale(): Promise<void> {
    const current = new Map(this.#options.languages().map((language) => [language.id as string, keptAs(language)]))
    const stale = this.#members.all().filter(({ kind, key }) => kind !== PLAIN && current.get(kind) !== key)
    await Promise.all(stale.map((member) => this.#members.drop(member)))
  }

  // One fill at a time; what comes meanwhile asks for another round, and never puts off the one that is due.
  #refill(afterMs: number): void {
    if (this.#stopped.signal.aborted) return
    if (this.#wanted) return
    this.#wanted = true
    this.#cancelRefill = this.#world.clock.after(afterMs, () => {
      this.#busy = (this.#busy ?? Promise.resolve()).then(() => {
        this.#wanted = false
        return this.#fill()
      })
    })
  }

  async #fill(): Promise<void> {
    await this.#dropStale()
    this.#lacking = []
    this.#refused.clear()
    const coming = [...this.#coming.values()]
    for (const [kind, target] of this.#targets()) {
      const wanted = Math.max(target.floor, target.own)
      this.#world.metrics.set('dragoman_pool_target', { kind: kind || 'plain' }, wanted)
      const there = this.#members.of(kind).length + coming.filter((each) => each === kind).length
      for (let n = there; n < wanted; n++) this.#lacking.push([kind, target])
    }
    while (this.#starters.size < this.#options.startsMax && this.#lacking.length > 0) {
      const starter: Promise<void> = this.#startLacking().finally(() => this.#starters.delete(starter))
      this.#starters.add(starter)
    }
  }

  /** One after another, as the newest look says: one that is slow to come holds up no other starter. */
  async #startLacking(): Promise<void> {
    for (let next = this.#lacking.shift(); next && !this.#stopped.signal.aborted; next = this.#lacking.shift()) {
      const [kind, target] = next
      if (!this.#refused.has(kind) && !(await this.#add(kind, target))) this.#refused.add(kind)
    }
  }

  #targets(): Map<string, Target> {
    const { languages, kept, keptEach, plainMembers, memoryBytes, membersPerLanguageMax } = this.#options
    const demands = languages().map((language) => ({
      id: language.id as string,
      perSecond: this.#arrivals.perSecond(language.id),
      floor: Math.max(kept.includes(language.id) ? keptEach : 0, this.#arrivals.isMeant(language.id) ? 1 : 0),
    }))
    const plain = { id: PLAIN, perSecond: 0, floor: plainMembers }
    return poolTargets([...demands, plain], {
      refillSeconds: this.#refillSeconds,
      memberBytes: MEMBER_BYTES,
      memoryBytes,
      membersPerLanguageMax: Math.max(membersPerLanguageMax, plainMembers),
    })
  }

  async #add(kind: string, target: Target): Promise<boolean> {
    const { clock, random } = this.#world
    if ((this.#backoff.get(kind)?.until ?? 0) > clock.now()) return false
    const language = this.#language(kind)
    if (kind !== PLAIN && !language) return false // it went meanwhile
    const id = sandboxId(`sb${random.hex(10)}`) as SandboxId // ten bytes are the twenty digits that an id has
    this.#coming.set(id, kind)
    try {
      const key = language ? keptAs(language) : PLAIN
      return (await this.#reserve(id, kind, key, target)) && (await this.#start(id, kind, key, language))
    } finally {
      this.#coming.delete(id)
    }
  }

  async #start(id: SandboxId, kind: string, key: string, language: Language | undefined): Promise<boolean> {
    const { clock, metrics, log } = this.#world
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(this.#options.startMs)])
    const from = clock.now()
    const needs = { ...(language ?? { limits: DEFAULT_LIMITS }), ahead: kind || 'plain' }
    const plain = await startPlain(this.#world, id, needs, signal)
    const warm = plain.ok && language ? await prepare(this.#world, plain.value, language, SIZE_BEFORE_CLAIM, signal) : plain
    if (!warm.ok) {
      void this.#members.forget(id)
      if (this.#stopped.signal.aborted) return false
      metrics.count('dragoman_pool_probe_failures_total', { language: kind || 'plain' })
      log.warn('pool member failed', {
        kind: kind || 'plain',
        code: warm.error.code,
        why: 'why' in warm.error ? warm.error.why : undefined,
      })
      const ms = Math.min((this.#backoff.get(kind)?.ms ?? BACKOFF_MS.first / 2) * 2, BACKOFF_MS.max)
      this.#backoff.set(kind, { until: clock.now() + ms, ms })
      return false
    }
    this.#backoff.delete(kind)
    this.#refillSeconds = 0.8 * this.#refillSeconds + 0.2 * ((clock.now() - from) / 1000)
    const leasedAt = this.#leasedAt.shift()
    if (leasedAt !== undefined) metrics.observe('dragoman_pool_refill_lag_seconds', {}, (clock.now() - leasedAt) / 1000)
    const member: Member = { ...warm.value, kind, key, isRecorded: false }
    this.#coming.delete(id)
    this.#members.keep(member)
    await this.#record(member)
    return true
  }

  /** Without the records there is nobody to ask, and each server keeps to its own target. */
  async #reserve(id: SandboxId, kind: string, key: string, { floor, own }: Target): Promise<boolean> {
    const { records, replica, log } = this.#world
    const total = Math.floor(this.#options.memoryBytes / MEMBER_BYTES)
    try {
      return await records.reserveMember(
        { sandbox: id, lang: langOf(kind), keptAs: key, owner: replica },
        { own, all: floor, total },
      )
    } catch (error) {
      log.warn('member without a place', { error: errorText(error) })
      return true
    }
  }

  async #record(member: Member): Promise<void> {
    const { records, replica, log } = this.#world
    const { sandbox, key: keptAsKey, kind } = member
    const { id, key, address } = sandbox
    try {
      const row = {
        sandbox: id,
        key,
        lang: langOf(kind),
        keptAs: keptAsKey,
        owner: replica,
        ...(address !== undefined && { address }),
      }
      await records.memberReady(row)
      member.isRecorded = true
    } catch (error) {
      log.warn('member not recorded', { error: errorText(error) })
    }
  }
}

/** A plain member stands on the machine, with the default limits; any other language needs a sandbox made for it. */
function takesPlain({ limits, foundation }: Language): boolean {
  if (foundation) return false
  const { cpus, memoryBytes, processes, homeBytes, homeInodes, tmpBytes, openFiles } = DEFAULT_LIMITS
  const same = { cpus, memoryBytes, processes, homeBytes, homeInodes, tmpBytes, openFiles }
  return (Object.keys(same) as (keyof typeof same)[]).every((name) => limits[name] === same[name])
}
