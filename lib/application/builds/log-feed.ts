import type { Announcements, BuildLogs, LogPage, LogPlace } from '#lib/application/ports/build-logs.ts'
import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import { cursorText, type LogCursor } from '#lib/domain/log-cursor.ts'
import { type LogEvent, logEvents } from './log-events.ts'
import { withObject } from './log-object.ts'

/** An announcement may get lost; who waits looks by itself after this. */
export const LOOK_EVERY_MS = 2000
/** Answers kept for followers a little behind, so that they do not read again what others just read; a megabyte each at most. */
const ANSWERS_KEPT_MAX = 16
/** Places looked up in one statement. */
const PLACES_AT_ONCE = 8

export type LogFeedWorld = {
  readonly logs: Pick<BuildLogs, 'read'>
  readonly objects: Pick<ObjectStore, 'get'>
  readonly announcements: Pick<Announcements, 'on'>
  readonly clock: Clock
  readonly log: Log
}

/** No events: there is no such build. */
type Answer = readonly LogEvent[]
type Question = LogPlace & { readonly answer: PromiseWithResolvers<Answer>; followers: number }

/**
 * All followers of logs on this server, and the one reader that they share. Who stands at the same place shares a question;
 * the reader takes what is open, asks the database once, and answers those for whom there is news. It reads when somebody
 * asks or when news are announced, never because of how many wait.
 */
export class LogFeed {
  readonly #world: LogFeedWorld
  /** By build and cursor: those that wait for an answer, and the last answered ones. */
  readonly #questions = new Map<string, Question>()
  readonly #answered = new Map<string, Promise<Answer>>()
  /** Not looked up yet, or to be looked up again. */
  #open = new Set<Question>()
  #reading = false
  #cancelLook: () => void
  readonly #unhear: () => void

  constructor(world: LogFeedWorld) {
    this.#world = world
    this.#unhear = world.announcements.on('log', () => this.#lookAgain())
    this.#cancelLook = world.clock.after(LOOK_EVERY_MS, () => this.#lookAgain())
  }

  /** Everything from the cursor on, to the end of the build. It takes what comes in its own time and holds up nobody. */
  async *follow(build: BuildId, from: LogCursor, signal: AbortSignal): AsyncGenerator<LogEvent> {
    for (let cursor = from; !signal.aborted;) {
      const events = await this.#next({ build, cursor }, signal)
      yield* events
      const last = events.at(-1)
      if (!last || last.kind === 'end') return
      cursor = last.cursor
    }
  }

  /** Places that somebody waits at; all of them are one reader's. */
  waiting(): number {
    return this.#questions.size
  }

  close(): void {
    this.#unhear()
    this.#cancelLook()
    for (const { answer } of this.#questions.values()) answer.resolve([])
    this.#questions.clear()
  }

  async #next(place: LogPlace, signal: AbortSignal): Promise<Answer> {
    const key = keyOf(place)
    const known = this.#answered.get(key)
    if (known) return known
    const question = this.#questions.get(key) ?? this.#ask(key, place)
    question.followers++
    const left = Promise.withResolvers<Answer>()
    const leave = () => left.resolve([])
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await Promise.race([question.answer.promise, left.promise])
    } finally {
      signal.removeEventListener('abort', leave)
      if (--question.followers === 0 && this.#questions.get(key) === question) this.#questions.delete(key)
    }
  }

  #ask(key: string, place: LogPlace): Question {
    const question = { ...place, answer: Promise.withResolvers<Answer>(), followers: 0 }
    this.#questions.set(key, question)
    this.#open.add(question)
    void this.#read()
    return question
  }

  #lookAgain(): void {
    this.#cancelLook()
    this.#cancelLook = this.#world.clock.after(LOOK_EVERY_MS, () => this.#lookAgain())
    this.#open = new Set(this.#questions.values())
    void this.#read()
  }

  /** The one reader: one statement at a time, whoever asks meanwhile is in the next. */
  async #read(): Promise<void> {
    if (this.#reading) return
    this.#reading = true
    while (this.#open.size > 0) {
      const asked = [...this.#open].slice(0, PLACES_AT_ONCE)
      for (const question of asked) this.#open.delete(question)
      try {
        const pages = await this.#world.logs.read(asked)
        asked.forEach((question, i) => void this.#answer(question, pages[i]))
      } catch (error) {
        this.#world.log.warn('logs cannot be read', { error: errorText(error) })
      }
    }
    this.#reading = false
  }

  async #answer(question: Question, page: LogPage | undefined): Promise<void> {
    try {
      const events = page ? logEvents(await withObject(this.#world.objects, page, question.cursor), question.cursor) : []
      if (page && events.length === 0) return // it waits on
      this.#settle(question, events)
    } catch (error) {
      this.#world.log.warn('log cannot be read', { build: question.build, error: errorText(error) })
    }
  }

  #settle(question: Question, events: Answer): void {
    const key = keyOf(question)
    if (this.#questions.get(key) === question) this.#questions.delete(key)
    question.answer.resolve(events)
    if (events.length === 0) return
    this.#answered.set(key, question.answer.promise)
    const [oldest] = this.#answered.keys()
    if (this.#answered.size > ANSWERS_KEPT_MAX && oldest !== undefined) this.#answered.delete(oldest)
  }
}

const keyOf = ({ build, cursor }: LogPlace) => `${build} ${cursorText(cursor)}`
