import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Records } from '#lib/application/ports/records.ts'
import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import type { Clock, Random } from '#lib/application/ports/time.ts'
import { sandboxId, type LangId, type SandboxId, type SessionId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import { prepare, startPlain, type Warm } from '../sessions/warm-up.ts'
import { arrivals } from './arrivals.ts'
import { keptAs } from './kept-as.ts'
import { poolTargets } from './targets.ts'

/** The size a prompt is opened with before anybody's window is known; a claim resizes it. */
export const SIZE_BEFORE_CLAIM = { cols: 80, rows: 24 }
/** A member that did not come up in this time is given up. */
export const MEMBER_START_MS = 20_000
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
  readonly plainMembers: number
  readonly memoryBytes: number
  readonly membersPerLanguageMax: number
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

const PLAIN = ''
type Member = Warm & {
  readonly kind: string
  /** See {@link keptAs}; empty for a plain one. */
  readonly key: string
  /** The database has its row, and no lease on it that we did not hear of. */
  isRecorded: boolean
}

/** Sandboxes started ahead: warm ones with a language's prompt open, and plain ones that take any language. */
export class Pool {
  readonly #world: PoolWorld
  readonly #options: PoolOptions
  readonly #members = new Map<SandboxId, Member>()
  readonly #arrivals
  readonly #backoff = new Map<string, { until: number; ms: number }>()
  #leasedAt: number[] = []
  #refillSeconds = 1
  #busy: Promise<void> | undefined
  #wanted = false
  #stopped = new AbortController()
  #cancelRefill: () => void = () => {}

  constructor(world: PoolWorld, options: PoolOptions) {
    this.#world = world
    this.#options = options
    this.#arrivals = arrivals(world.clock)
  }

  start(): void {
    this.#refill(0)
  }

  /** Languages changed: members of what they were are never handed out again, and go. */
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
      (await this.#lease(language.id, keptAs(language), session)) ??
      (takesPlain(language) ? await this.#lease(PLAIN, PLAIN, session) : undefined)
    metrics.observe('dragoman_pool_claim_lease_seconds', {}, (clock.now() - from) / 1000)
    metrics.count('dragoman_pool_claims_total', { result: taken ? (taken.lang ? 'hit' : 'plain') : 'miss' })
    if (taken) {
      metrics.observe('dragoman_pool_member_age_seconds', {}, (clock.now() - taken.bornAt) / 1000)
      this.#leasedAt.push(clock.now())
    }
    this.#refill(REFILL_AFTER_MS)
    return taken
  }

  ready(lang: LangId | undefined): number {
    return [...this.#members.values()].filter((member) => member.kind === (lang ?? PLAIN)).length
  }

  size(): number {
    return this.#members.size
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('The pool is stopping'))
    this.#cancelRefill()
    await this.#busy
    await Promise.all([...this.#members.values()].map((member) => this.#drop(member)))
  }

  async #lease(kind: string, key: string, session: SessionId): Promise<Member | undefined> {
    if (this.ready(kind === PLAIN ? undefined : (kind as LangId)) === 0) return undefined
    for (let n = 0; n < LEASE_TRIES; n++) {
      const id = await this.#leaseId(kind, key, session)
      if (!id) return undefined
      const member = this.#members.get(id)
      this.#members.delete(id)
      this.#count(kind)
      this.#forget(id)
      if (member?.key === key && !member.link.isClosed()) return member
      member?.link.close('done')
      if (member) void member.sandbox.destroy()
    }
    return undefined
  }

  #language(id: string): Language | undefined {
    return this.#options.languages().find((language) => language.id === id)
  }

  async #dropStale(): Promise<void> {
    const current = new Map(this.#options.languages().map((language) => [language.id as string, keptAs(language)]))
    const stale = [...this.#members.values()].filter(({ kind, key }) => kind !== PLAIN && current.get(kind) !== key)
    await Promise.all(stale.map((member) => this.#drop(member)))
  }

  /**
   * The database decides. While it is down this process hands out what it started itself; so it does with members whose
   * row the database may not have, or may have leased in a call that we gave up. The agents refuse any double.
   */
  async #leaseId(kind: string, keptAsKey: string, session: SessionId): Promise<SandboxId | undefined> {
    const { records, replica, metrics, log } = this.#world
    const lang = kind === PLAIN ? undefined : (kind as LangId)
    const own = () => [...this.#members.values()].find((member) => member.kind === kind && !member.isRecorded)?.sandbox.id
    try {
      return (await records.lease({ lang, keptAs: keptAsKey, session, owner: replica }))?.sandbox ?? own()
    } catch (error) {
      metrics.count('dragoman_pool_lease_fallback_total', {})
      log.warn('lease without database', { error: errorText(error) })
      for (const member of this.#members.values()) if (member.kind === kind) member.isRecorded = false
      return own()
    }
  }

  #forget(id: SandboxId): void {
    const { records, log } = this.#world
    records.memberGone(id).catch((error: unknown) => log.warn('member row stays', { error: errorText(error) }))
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
    for (const [kind, target] of this.#targets()) {
      this.#world.metrics.set('dragoman_pool_target', { kind: kind || 'plain' }, target)
      while (this.ready(kind === PLAIN ? undefined : (kind as LangId)) < target) {
        if (this.#stopped.signal.aborted || !(await this.#add(kind))) break
      }
    }
  }

  #targets(): Map<string, number> {
    const { languages, kept, plainMembers, memoryBytes, membersPerLanguageMax } = this.#options
    const demands = languages().map((language) => ({
      id: language.id as string,
      perSecond: this.#arrivals.perSecond(language.id),
      floor: kept.includes(language.id) || this.#arrivals.isMeant(language.id) ? 1 : 0,
    }))
    const plain = { id: PLAIN, perSecond: 0, floor: plainMembers }
    return poolTargets([...demands, plain], {
      refillSeconds: this.#refillSeconds,
      memberBytes: MEMBER_BYTES,
      memoryBytes,
      membersPerLanguageMax: Math.max(membersPerLanguageMax, plainMembers),
    })
  }

  async #add(kind: string): Promise<boolean> {
    const { clock, random, metrics, log, records, replica } = this.#world
    if ((this.#backoff.get(kind)?.until ?? 0) > clock.now()) return false
    const language = this.#language(kind)
    if (kind !== PLAIN && !language) return false // it went meanwhile
    const id = sandboxId(`sb${random.hex(10)}`) as SandboxId // ten bytes are the twenty digits that an id has
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(MEMBER_START_MS)])
    const from = clock.now()
    const plain = await startPlain(this.#world, id, language ?? { limits: DEFAULT_LIMITS }, signal)
    const warm = plain.ok && language ? await prepare(this.#world, plain.value, language, SIZE_BEFORE_CLAIM, signal) : plain
    if (!warm.ok) {
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
    const member: Member = { ...warm.value, kind, key: language ? keptAs(language) : PLAIN, isRecorded: false }
    this.#keep(member)
    try {
      await records.memberReady({
        sandbox: id,
        key: warm.value.sandbox.key,
        lang: language?.id,
        keptAs: member.key,
        owner: replica,
      })
      member.isRecorded = true
    } catch (error) {
      log.warn('member not recorded', { error: errorText(error) })
    }
    return true
  }

  #keep(member: Member): void {
    const { id } = member.sandbox
    this.#members.set(id, member)
    this.#count(member.kind)
    const gone = () => {
      if (!this.#members.has(id)) return
      this.#drop(member).catch((error: unknown) => this.#world.log.error('member not removed', { error: errorText(error) }))
      this.#refill(BACKOFF_MS.first)
    }
    member.link.listen({ message() {}, output() {}, taskOutput() {}, closed: gone })
    if (member.link.isClosed()) gone()
  }

  async #drop(member: Member): Promise<void> {
    this.#members.delete(member.sandbox.id)
    this.#count(member.kind)
    this.#forget(member.sandbox.id)
    member.link.close('done')
    await member.sandbox.destroy()
  }

  #count(kind: string): void {
    this.#world.metrics.set(
      'dragoman_pool_members',
      { kind: kind || 'plain', state: 'ready' },
      this.ready(kind === PLAIN ? undefined : (kind as LangId)),
    )
  }
}

/** A plain member stands on the machine, with the default limits; any other language needs a sandbox made for it. */
function takesPlain({ limits, foundation }: Language): boolean {
  if (foundation) return false
  const { cpus, memoryBytes, processes, homeBytes, homeInodes, tmpBytes, openFiles } = DEFAULT_LIMITS
  const same = { cpus, memoryBytes, processes, homeBytes, homeInodes, tmpBytes, openFiles }
  return (Object.keys(same) as (keyof typeof same)[]).every((name) => limits[name] === same[name])
}
