import type { Announcements } from '#lib/application/ports/build-logs.ts'
import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { Mark, Overviews } from '#lib/application/ports/overviews.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'

/** An announcement may get lost; while somebody watches, the feed looks by itself after this. */
export const LOOK_EVERY_MS = 2000
/** Changes of this time are told together: a builder at work has several a second, and each look reads every mark. */
export const GATHER_MS = 150

/** What is other than it was; a language is when one of its open builds is. */
export type Changes = {
  readonly langs: readonly LangId[]
  readonly builds: readonly BuildId[]
  readonly lists: readonly ('agents' | 'bases')[]
}

export type ChangeFeedWorld = {
  readonly overviews: Pick<Overviews, 'marks'>
  readonly announcements: Pick<Announcements, 'on'>
  readonly clock: Clock
  readonly log: Log
}

/**
 * What changes in the workshop, for all pages that are open on this server: one reader, whoever many they are, which reads
 * when something was announced. It compares what it sees with what it saw, so nothing is missed for good.
 */
export class ChangeFeed {
  readonly #world: ChangeFeedWorld
  readonly #watchers = new Set<(changes: Changes) => void>()
  readonly #unhear: readonly (() => void)[]
  #seen: ReadonlyMap<string, Mark> | undefined
  #version = 0
  #reading = false
  #readAgain = false
  #cancelGather: (() => void) | undefined
  #cancelLook = () => {}

  constructor(world: ChangeFeedWorld) {
    this.#world = world
    this.#unhear = (['build', 'deployment'] as const).map((what) => world.announcements.on(what, () => this.#heard()))
  }

  /** Grows with every announcement: what was read at an earlier one may be old. */
  version(): number {
    return this.#version
  }

  /** Calls on each change from now on; the answer ends it. */
  watch(call: (changes: Changes) => void): () => void {
    this.#watchers.add(call)
    if (this.#watchers.size === 1) void this.#read()
    return () => {
      this.#watchers.delete(call)
      if (this.#watchers.size > 0) return
      this.#cancelLook()
      this.#seen = undefined // whoever comes next starts from what is there then
    }
  }

  close(): void {
    for (const unhear of this.#unhear) unhear()
    this.#cancelGather?.()
    this.#cancelLook()
    this.#watchers.clear()
  }

  #heard(): void {
    this.#version++
    if (this.#watchers.size === 0 || this.#cancelGather) return
    this.#cancelGather = this.#world.clock.after(GATHER_MS, () => {
      this.#cancelGather = undefined
      void this.#read()
    })
  }

  async #read(): Promise<void> {
    this.#readAgain = this.#reading
    if (this.#reading) return
    this.#reading = true
    this.#cancelLook()
    try {
      const marks = await this.#world.overviews.marks()
      const now = new Map(marks.map((mark) => [`${mark.kind} ${mark.id}`, mark]))
      const changes = this.#seen && changesBetween(this.#seen, now)
      if (this.#watchers.size > 0) this.#seen = now
      if (changes) this.#tell(changes)
    } catch (error) {
      this.#world.log.warn('changes cannot be read', { error: errorText(error) })
    }
    this.#reading = false
    if (this.#readAgain) return void this.#read()
    if (this.#watchers.size > 0) this.#cancelLook = this.#world.clock.after(LOOK_EVERY_MS, () => void this.#read())
  }

  #tell(changes: Changes): void {
    if (changes.langs.length + changes.builds.length + changes.lists.length === 0) return
    this.#version++
    for (const call of this.#watchers) call(changes)
  }
}

function changesBetween(was: ReadonlyMap<string, Mark>, is: ReadonlyMap<string, Mark>): Changes {
  const changed = [
    ...[...is].flatMap(([key, mark]) => (was.get(key)?.mark === mark.mark ? [] : [mark])),
    ...[...was].flatMap(([key, mark]) => (is.has(key) ? [] : [mark])),
  ]
  const langs = changed.flatMap((mark) => (mark.kind === 'lang' ? [mark.id] : mark.kind === 'build' ? [mark.lang] : []))
  // A build may have come and gone between two looks; then only its language's mark tells of it.
  const builds = changed.flatMap((mark) => (mark.kind === 'build' ? [mark.id] : mark.kind === 'lang' ? (mark.build ?? []) : []))
  return {
    langs: [...new Set(langs)],
    builds: [...new Set(builds)],
    lists: changed.flatMap(({ kind }) => (kind === 'agents' || kind === 'bases' ? [kind] : [])),
  }
}
