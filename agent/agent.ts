import { timingSafeEqual } from 'node:crypto'

import { sharedProtocol, type ToAgent } from '#lib/protocol/agent-words.ts'
import type { FromAgent } from '#lib/protocol/agent.ts'
import { type Frame, PTY_STREAM } from '#lib/protocol/frame.ts'

import { tryNetwork, tryTargets } from './canary.ts'
import { Connection, type Socket } from './connection.ts'
import { Input } from './input.ts'
import { CANNOT_START } from './job.ts'
import { Jobs } from './jobs.ts'
import type { Lifetime } from './lifetime.ts'
import { type Line, Output } from './output.ts'
import { STRANGERS_MAX } from './port.ts'
import type { Surroundings } from './surroundings.ts'
import { Task } from './task.ts'
import { ifThereIsRoom } from './visitor.ts'

export const TASKS_MAX = 4

type Word<Type extends ToAgent['type']> = Extract<ToAgent, { type: Type }>
type Refused = Extract<FromAgent, { type: 'refused' }>
type Setting = {
  readonly version: string
  readonly keySha256: string
  readonly surroundings: Surroundings
  readonly lifetime: Lifetime
  readonly quit: () => void
}

/** What a sandbox's agent is over all its connections; docs/PROTOCOL.md says what each word does. */
export class Agent implements Line {
  readonly #setting: Setting
  readonly #output = new Output(this)
  readonly #input = new Input((offset) => this.say({ type: 'input-ack', offset }))
  readonly #strangers = new Set<Connection>()
  readonly #tasks = new Map<number, Task>()
  readonly #jobs = new Jobs(this.#output, this.#input, () => [...this.#tasks.values()].map(({ pid }) => pid))
  #link: Connection | undefined
  /** What is spoken on the link. */
  #protocol = 0
  /** The highest that a server with the key said, also of one that is gone: whoever says less comes too late. */
  #epoch = 0
  #claim: Word<'claim'> | undefined
  #canaryIsOpen = false

  constructor(setting: Setting) {
    this.#setting = setting
  }

  accept(socket: Socket): Connection {
    const stranger = new Connection(socket, {
      frame: (connection, frame) => {
        if (connection !== this.#link) this.#greet(connection, frame)
        else if (frame.kind === 'control') this.#hear(frame.message as ToAgent)
        else this.#type(frame.stream, frame.offset, frame.bytes)
      },
      closed: (connection) => {
        this.#strangers.delete(connection)
        if (connection === this.#link) this.#unlink()
      },
    })
    this.#strangers.add(stranger)
    const [oldest] = this.#strangers
    if (this.#strangers.size > STRANGERS_MAX) oldest?.close()
    return stranger
  }

  get live(): boolean {
    return this.#link !== undefined
  }

  say(message: FromAgent): void {
    this.#link?.say(message)
  }

  data(stream: number, offset: number, bytes: Uint8Array): void {
    this.#link?.data(stream, offset, bytes)
  }

  #greet(connection: Connection, frame: Frame): void {
    const hello = frame.kind === 'control' ? (frame.message as ToAgent) : undefined
    if (hello?.type !== 'hello') return connection.close()
    const protocol = sharedProtocol(hello)
    if (protocol === undefined) return turnAway(connection, 'bad_protocol')
    if (!this.#isKey(hello.key)) return turnAway(connection, 'bad_key')
    const { epoch = 0 } = hello
    if (epoch < this.#epoch) return turnAway(connection, 'fenced')
    this.#epoch = epoch
    if (this.#protocol > 2) this.say({ type: 'fenced' })
    this.#link?.close()
    this.#strangers.delete(connection)
    this.#link = connection
    this.#protocol = protocol
    const { version, surroundings, lifetime } = this.#setting
    lifetime.connected()
    this.say({
      ...{ type: 'hello', protocol, agent: version, claimed: this.#claim !== undefined },
      ...(protocol > 2 && surroundings),
    })
    if (this.#canaryIsOpen && protocol > 2) this.#escaped()
  }

  #isKey(key: string): boolean {
    const said = new Bun.CryptoHasher('sha256').update(key).digest()
    const right = Buffer.from(this.#setting.keySha256, 'hex')
    return said.length === right.length && timingSafeEqual(said, right)
  }

  #unlink(): void {
    this.#link = undefined
    this.#output.detach()
    for (const task of this.#tasks.values()) task.abandon()
    this.#setting.lifetime.disconnected()
  }

  #hear(word: ToAgent): void {
    switch (word.type) {
      case 'prepare':
        return void this.#prepare(word)
      case 'claim':
        return this.#beClaimed(word)
      case 'attach':
        return this.#attach(word)
      case 'detach':
        return this.#output.detach()
      case 'ack':
        return word.stream === PTY_STREAM ? this.#output.ack(word.offset) : this.#tasks.get(word.stream)?.ack(word.offset)
      case 'resize':
        return this.#jobs.resize(word.cols, word.rows)
      case 'run':
        return void this.#begin('run', () => this.#jobs.run(word.job, word.files, word))
      case 'repl':
        return void this.#begin('repl', () => this.#jobs.repl(word.job))
      case 'stop':
        return void this.#jobs.stop()
      case 'task':
        return this.#beginTask(word)
      case 'task-end-input':
        return this.#tasks.get(word.stream)?.endInput()
      case 'task-stop':
        return this.#tasks.get(word.stream)?.stop()
      case 'ping':
        return this.say({ type: 'pong' })
      case 'quit':
        return this.#setting.quit()
      case 'hello':
        return this.#link?.close()
      default:
        return word satisfies never
    }
  }

  async #prepare(word: Word<'prepare'>): Promise<void> {
    if (this.#jobs.isPrepared) return this.#refuse('prepare', { code: 'busy' })
    const prepared = this.#jobs.prepare(word)
    const trying = word.canary ? tryTargets(word.canary, () => this.#escaped()) : tryNetwork()
    const [{ setUp }, canary] = await Promise.all([prepared, trying])
    const atPrompt = this.#jobs.state.state === 'prompt'
    this.say({ type: 'ready', canary, atPrompt, end: this.#output.end, ...(setUp && { setUp }) })
  }

  /** Whoever has the sandbox, now or next, must hear of it. */
  #escaped(): void {
    this.#canaryIsOpen = true
    this.say({ type: 'canary-open' })
  }

  #beClaimed(word: Word<'claim'>): void {
    const held = this.#claim
    if (held && (held.session !== word.session || held.token !== word.token)) {
      return this.#refuse('claim', { code: 'already_claimed' })
    }
    if (!held) this.#setting.lifetime.claimed(word.lifeMs)
    this.#claim = held ?? word
    this.say({ type: 'claimed', end: this.#output.end })
  }

  #attach(word: Word<'attach'>): void {
    if (!this.#claim) return this.#refuse('attach', { code: 'not_claimed' })
    const from = this.#output.placeOf(word.offset)
    this.say({ type: 'attached', from, end: this.#output.end, inputEnd: this.#input.end, ...this.#jobs.state })
    this.#output.attach(from)
  }

  async #begin(what: 'run' | 'repl', begin: () => ReturnType<Jobs['run']>): Promise<void> {
    if (!this.#claim) return this.#refuse(what, { code: 'not_claimed' })
    const begun = await begin()
    if (!begun.ok) this.#refuse(what, begun.error)
  }

  #type(stream: number, offset: number, bytes: Uint8Array): void {
    if (!this.#claim) return this.#refuse('input', { code: 'not_claimed' })
    const to = stream === PTY_STREAM ? this.#input : this.#tasks.get(stream)
    const taken = to instanceof Task ? to.input(offset, bytes) : to?.push(offset, bytes)
    if (taken && !taken.ok) this.#refuse('input', taken.error)
  }

  #beginTask(word: Word<'task'>): void {
    if (!this.#claim) return this.#refuse('task', { code: 'not_claimed' })
    if (this.#tasks.size >= TASKS_MAX || this.#tasks.has(word.stream)) return this.#refuse('task', { code: 'busy' })
    const task = ifThereIsRoom(() => new Task(word, this))
    if (!task) {
      const errors = 'Cannot start: no more processes'
      return this.say({
        type: 'task-ended',
        stream: word.stream,
        code: CANNOT_START,
        timedOut: false,
        outputSpent: false,
        errors,
      })
    }
    this.#tasks.set(word.stream, task)
    void task.finished.finally(() => {
      this.#tasks.delete(word.stream)
      this.#jobs.sweepIfIdle()
    })
  }

  #refuse(what: Refused['what'], refusal: Pick<Refused, 'code' | 'detail'>): void {
    this.say({ type: 'refused', what, ...refusal })
  }
}

function turnAway(connection: Connection, code: 'bad_protocol' | 'bad_key' | 'fenced'): void {
  connection.say({ type: 'refused', what: 'hello', code })
  connection.close()
}
