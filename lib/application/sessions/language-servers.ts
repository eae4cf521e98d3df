import type { LanguageServer } from '#lib/domain/language.ts'
import { ok, type Result } from '#lib/domain/result.ts'
import type { LspEnd } from '#lib/protocol/browser.ts'

import { InputQueue } from './input-queue.ts'
import type { PacedAck } from './paced-ack.ts'
import type { Task, TaskEnd, Tasks, TasksRefused } from './tasks.ts'

/** Of the end of its complaints, in characters. */
const WORDS_MAX = 2_000
const NO_END = 2 ** 47

export type ServerEvents = {
  output(server: number, offset: number, bytes: Uint8Array): void
  ended(server: number, end: LspEnd): void
  /** How often the kernel ended something of the sandbox for want of memory, as far as that is known. */
  oomKills(): Promise<number>
}
type World = { readonly tasks: Tasks; readonly pace: (ack: (offset: number) => void) => PacedAck; readonly lifeMs: number }
type Running = {
  readonly number: number
  readonly task: Task
  readonly acks: PacedAck
  reason: 'exit' | 'stopped' | 'input_full'
}

/** The language server of a session: one at a time, for as long as somebody looks. Its bytes pass through unread. */
export class LanguageServers {
  readonly #world: World
  readonly #events: ServerEvents
  readonly #input = new InputQueue()
  #running: Running | undefined
  #last = 0

  constructor(world: World, events: ServerEvents) {
    this.#world = world
    this.#events = events
  }

  /** Ends the one before. `memoryBytesMax` is for it and all that it starts. */
  start({ setup, start }: LanguageServer, memoryBytesMax: number): Result<{ server: number }, TasksRefused> {
    this.stop()
    const { tasks, pace, lifeMs } = this.#world
    const number = ++this.#last
    const command = setup === undefined ? start : `(\n${setup}\n) </dev/null >&2\n${start}`
    const task = tasks.start(
      { command, timeMs: lifeMs, outputBytesMax: NO_END, errorsApart: true, memoryBytesMax },
      {
        output: (offset, bytes) => this.#output(running, offset, bytes),
        inputTaken: (offset) => void (this.#running === running && this.#input.taken(offset)),
        ended: (end) => void this.#ended(running, end),
        lost: () => void this.#forget(running),
      },
    )
    if (!task.ok) return task
    const running: Running = { number, task: task.value, acks: pace((offset) => task.value.ack(offset)), reason: 'exit' }
    this.#running = running
    this.#input.open(task.value)
    return ok({ server: number })
  }

  /** False when there is no such server any more. */
  input(server: number, bytes: Uint8Array): boolean {
    const running = this.#of(server)
    if (!running) return false
    if (!this.#input.push(bytes)) this.#end(running, 'input_full')
    return true
  }

  ack(server: number, offset: number): void {
    this.#of(server)?.acks.drawn(offset)
  }

  stop(server = this.#running?.number): void {
    const running = server === undefined ? undefined : this.#of(server)
    if (running) this.#end(running, 'stopped')
  }

  #of(server: number): Running | undefined {
    return this.#running?.number === server ? this.#running : undefined
  }

  #output(running: Running, offset: number, bytes: Uint8Array): void {
    if (this.#running !== running) return running.task.ack(offset + bytes.length) // it is told to stop: into the void
    running.acks.came(offset + bytes.length)
    this.#events.output(running.number, offset, bytes)
  }

  #end(running: Running, reason: 'stopped' | 'input_full'): void {
    running.reason = reason
    running.task.ack(Number.MAX_SAFE_INTEGER) // a page that takes nothing in would hold up its end
    running.task.stop()
    this.#forget(running)
  }

  async #ended(running: Running, { code, signal, memorySpent, errors = '' }: TaskEnd): Promise<void> {
    this.#forget(running)
    const wasKilled = running.reason === 'exit' && signal === 'SIGKILL'
    const isMemory = wasKilled && (memorySpent || (await this.#events.oomKills()) > 0)
    this.#events.ended(running.number, {
      reason: isMemory ? 'memory' : running.reason,
      ...(code !== undefined && { code }),
      ...(signal !== undefined && { signal }),
      words: errors.slice(-WORDS_MAX),
    })
  }

  #forget(running: Running): void {
    if (this.#running !== running) return
    this.#running = undefined
    this.#input.close()
  }
}
