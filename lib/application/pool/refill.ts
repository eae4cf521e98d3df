import { errorText } from '#lib/application/ports/log.ts'
import { sandboxId, type SandboxId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import { prepare, startPlain } from '../sessions/warm-up.ts'
import type { arrivals } from './arrivals.ts'
import { keptAs } from './kept-as.ts'
import { langOf, type Member, type Members, PLAIN } from './members.ts'
import type { PoolOptions, PoolWorld } from './options.ts'
import { poolTargets, type Target } from './targets.ts'

/** The size a prompt is opened with before anybody's window is known; a claim resizes it. */
const SIZE_BEFORE_CLAIM = { cols: 80, rows: 24 }
/** After a failed start the next waits, twice as long each time. */
const BACKOFF_MS = { first: 500, max: 60_000 }
/** Private memory of a waiting member with a prompt, measured by `bench density`. */
const MEMBER_BYTES = 16 * 1024 * 1024

type Parts = { readonly members: Members; readonly arrivals: ReturnType<typeof arrivals> }

/** Starts the members that a pool lacks, and ends those of what languages were before. */
export class Refill {
  readonly #world: PoolWorld
  readonly #options: PoolOptions
  readonly #members: Members
  readonly #arrivals: Parts['arrivals']
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

  constructor(world: PoolWorld, options: PoolOptions, { members, arrivals: seen }: Parts) {
    this.#world = world
    this.#options = options
    this.#members = members
    this.#arrivals = seen
  }

  /** One fill at a time; what comes meanwhile asks for another round, and never puts off the one that is due. */
  after(ms: number): void {
    if (this.#stopped.signal.aborted || this.#wanted) return
    this.#wanted = true
    this.#cancelRefill = this.#world.clock.after(ms, () => {
      this.#busy = (this.#busy ?? Promise.resolve()).then(() => {
        this.#wanted = false
        return this.#fill()
      })
    })
  }

  /** A member was taken; what replaces it will tell how long that took. */
  leased(): void {
    this.#leasedAt.push(this.#world.clock.now())
  }

  isStopped(): boolean {
    return this.#stopped.signal.aborted
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('The pool is stopping'))
    this.#cancelRefill()
    await this.#busy
    await Promise.all(this.#starters)
  }

  #language(id: string): Language | undefined {
    return this.#options.languages().find((language) => language.id === id)
  }

  async #dropStale(): Promise<void> {
    const current = new Map(this.#options.languages().map((language) => [language.id as string, keptAs(language)]))
    const stale = this.#members.all().filter(({ kind, key }) => kind !== PLAIN && current.get(kind) !== key)
    await Promise.all(stale.map((member) => this.#members.drop(member)))
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
    await this.record(member)
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

  async record(member: Member): Promise<void> {
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
