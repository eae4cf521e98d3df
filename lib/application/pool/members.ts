import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Records } from '#lib/application/ports/records.ts'
import type { LangId, SandboxId } from '#lib/domain/ids.ts'

import { FENCED } from '../sessions/agent-link.ts'
import type { Warm } from '../sessions/warm-up.ts'

/** Kind of a member that takes any language; of all others the kind is the language's id. */
export const PLAIN = ''
export const langOf = (kind: string): LangId | undefined => (kind === PLAIN ? undefined : (kind as LangId)) // it came from one

export type Member = Warm & {
  readonly kind: string
  /** See `keptAs`; empty for a plain one. */
  readonly key: string
  /** The records have its row, and no lease on it that we did not hear of. */
  isRecorded: boolean
}

type World = { readonly records: Records; readonly replica: string; readonly metrics: Metrics; readonly log: Log }
type Options = {
  /** Other servers may lease ours. */
  readonly isShared: boolean
  /** Called after one went that nobody asked for. */
  readonly lost: () => void
}

/** The members that this process has on the line. */
export class Members {
  readonly #world: World
  readonly #all = new Map<SandboxId, Member>()
  readonly #options: Options

  constructor(world: World, options: Options) {
    this.#world = world
    this.#options = options
  }

  size(): number {
    return this.#all.size
  }

  of(kind: string): readonly Member[] {
    return [...this.#all.values()].filter((member) => member.kind === kind)
  }

  all(): readonly Member[] {
    return [...this.#all.values()]
  }

  keep(member: Member): void {
    const { id } = member.sandbox
    this.#all.set(id, member)
    this.#count(member.kind)
    const gone = (why: string) => {
      if (!this.#all.has(id)) return
      // Another server leased it: it is alive, and no longer ours.
      if (why === FENCED) this.take(id)
      else this.drop(member).catch((error: unknown) => this.#world.log.error('member not removed', { error: errorText(error) }))
      this.#options.lost()
    }
    member.link.listen({ message() {}, output() {}, taskOutput() {}, closed: gone })
    if (member.link.isClosed()) gone('closed')
    void member.sandbox.exited.then(({ reason }) => gone(reason)) // its agent may be the last to hear of it
  }

  /** Hands it out: from then on it is the caller's. */
  take(id: SandboxId): Member | undefined {
    const member = this.#all.get(id)
    this.#all.delete(id)
    if (member) this.#count(member.kind)
    return member
  }

  /** Ends it, unless another server leased it meanwhile. */
  async drop(member: Member): Promise<void> {
    this.take(member.sandbox.id)
    member.link.close('done')
    const forgotten = this.forget(member.sandbox.id)
    if (!this.#options.isShared || (await forgotten)) await member.sandbox.destroy()
  }

  /** Its row goes; false when it is another server's. */
  async forget(id: SandboxId): Promise<boolean> {
    const { records, replica, log } = this.#world
    return records.memberGone(id, replica).catch((error: unknown) => {
      log.warn('member row stays', { error: errorText(error) })
      return true
    })
  }

  /** Lets go of all of them, for other servers to lease. */
  release(): void {
    for (const { sandbox, link } of this.all()) {
      this.take(sandbox.id)
      link.close('done')
    }
  }

  #count(kind: string): void {
    const labels = { kind: kind || 'plain', state: 'ready' }
    this.#world.metrics.set('dragoman_pool_members', labels, this.of(kind).length)
  }
}
