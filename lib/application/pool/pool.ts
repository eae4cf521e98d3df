import { errorText } from '#lib/application/ports/log.ts'
import type { MemberRecord } from '#lib/application/ports/records.ts'
import type { LangId, SandboxId, SessionId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Leased } from '../admission/admission.ts'
import type { Warm } from '../sessions/warm-up.ts'
import { arrivals } from './arrivals.ts'
import { keptAs } from './kept-as.ts'
import { langOf, Members, PLAIN } from './members.ts'
import type { PoolOptions, PoolWorld } from './options.ts'
import { hold, reach } from './reach.ts'
import { Refill } from './refill.ts'

/** Leased members that turn out gone are skipped this often before a sandbox is started instead. */
const LEASE_TRIES = 3
/** One that was lost is replaced after this, lest what ends it ends the next. */
const LOST_MS = 500
/** A just-leased member is replaced only after its visitor's prompt is out: a start would compete for the processor. */
const REFILL_AFTER_MS = 150

/** Sandboxes started ahead: warm ones with a language's prompt open, and plain ones that take any language. */
export class Pool {
  readonly #world: PoolWorld
  readonly #options: PoolOptions
  readonly #members: Members
  readonly #arrivals
  readonly #refill: Refill
  /** Members that the records did not know at the last look. */
  #missed: ReadonlySet<SandboxId> = new Set()

  constructor(world: PoolWorld, options: PoolOptions) {
    this.#world = world
    this.#options = options
    this.#members = new Members(world, { isShared: options.isShared, lost: () => this.#refill.after(LOST_MS) })
    this.#arrivals = arrivals(world.clock)
    this.#refill = new Refill(world, options, { members: this.#members, arrivals: this.#arrivals })
  }

  start(): void {
    this.#refill.after(0)
  }

  /** Languages changed, or other servers' members: what is stale is never handed out again, and goes; what lacks is started. */
  changed(): void {
    this.#refill.after(0)
  }

  /** Somebody opened the language's page: have a prompt ready when they get there. */
  meant(lang: LangId): void {
    if (!this.#language(lang) || this.#arrivals.isMeant(lang)) return
    this.#arrivals.meant(lang)
    this.#refill.after(0)
  }

  /**
   * A member of the language, else a plain one, else undefined: then the caller starts one. The lease is single-use.
   * `leased`: what the records have said already of a member of the language.
   */
  async take(language: Language, session: SessionId, leased?: Leased): Promise<Warm | undefined> {
    const { clock, metrics } = this.#world
    const from = clock.now()
    this.#arrivals.started(language.id)
    const taken =
      (await this.#lease(language.id, language, session, leased)) ??
      (takesPlain(language) ? await this.#lease(PLAIN, undefined, session) : undefined)
    metrics.observe('dragoman_pool_claim_lease_seconds', {}, (clock.now() - from) / 1000)
    metrics.count('dragoman_pool_claims_total', { result: taken ? (taken.lang ? 'hit' : 'plain') : 'miss' })
    if (taken) {
      metrics.observe('dragoman_pool_member_age_seconds', {}, (clock.now() - taken.bornAt) / 1000)
      this.#refill.leased()
    }
    this.#refill.after(REFILL_AFTER_MS)
    return taken
  }

  /** Members of a server that is gone: those that still answer are ours now. */
  async adopt(records: readonly MemberRecord[]): Promise<void> {
    for (const record of records) {
      const language = record.lang && this.#language(record.lang)
      const key = language ? keptAs(language) : PLAIN
      const isCurrent = record.keptAs === key && (language !== undefined || record.lang === undefined)
      const warm = isCurrent && !this.#refill.isStopped() ? await reach(this.#world, record, language) : undefined
      if (warm) this.#members.keep({ ...warm, kind: record.lang ?? PLAIN, key, isRecorded: true })
      else await this.#members.forget(record.sandbox) // and the sweep ends it
    }
  }

  /**
   * Compares the members here with all that the records know. One that they never had, since they were away, is written. One
   * that they do not have any more at two looks was leased by a server that went before it dialled: nobody is given it.
   */
  async settle(ledger: ReadonlySet<SandboxId>): Promise<void> {
    const unknown = this.#members.all().filter(({ sandbox }) => !ledger.has(sandbox.id))
    for (const member of unknown) {
      if (!member.isRecorded) await this.#refill.record(member)
      else if (this.#missed.has(member.sandbox.id)) await this.#members.drop(member)
    }
    this.#missed = new Set(unknown.flatMap(({ sandbox, isRecorded }) => (isRecorded ? [sandbox.id] : [])))
    if (unknown.length > 0) this.#refill.after(0)
  }

  ready(lang: LangId | undefined): number {
    return this.#members.of(lang ?? PLAIN).length
  }

  size(): number {
    return this.#members.size()
  }

  /** Where others may lease them members go on; else they end. */
  async stop(): Promise<void> {
    await this.#refill.stop()
    if (this.#options.isShared) this.#members.release()
    else await Promise.all(this.#members.all().map((member) => this.#members.drop(member)))
  }

  async #lease(kind: string, language: Language | undefined, session: SessionId, first?: Leased): Promise<Warm | undefined> {
    const { isShared } = this.#options
    const key = language ? keptAs(language) : PLAIN
    if (!isShared && this.#members.of(kind).length === 0) return undefined
    for (let n = 0; n < LEASE_TRIES; n++) {
      const leased = await this.#leaseRow(kind, key, session, n === 0 ? first : undefined)
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
  async #leaseRow(
    kind: string,
    key: string,
    session: SessionId,
    said: Leased | undefined,
  ): Promise<{ id: SandboxId; record?: MemberRecord } | undefined> {
    const { records, replica, metrics, log } = this.#world
    const own = () => {
      const member = this.#members.of(kind).find(({ isRecorded }) => !isRecorded)
      return member && { id: member.sandbox.id }
    }
    try {
      if (said === 'records_away') throw new Error('The records could not be asked for a place')
      const record = said ? said.member : await records.lease({ lang: langOf(kind), keptAs: key, session, owner: replica })
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
}

/** A plain member stands on the machine, with the default limits; any other language needs a sandbox made for it. */
function takesPlain({ limits, foundation }: Language): boolean {
  if (foundation) return false
  const { cpus, memoryBytes, processes, homeBytes, homeInodes, tmpBytes, openFiles } = DEFAULT_LIMITS
  const same = { cpus, memoryBytes, processes, homeBytes, homeInodes, tmpBytes, openFiles }
  return (Object.keys(same) as (keyof typeof same)[]).every((name) => limits[name] === same[name])
}
