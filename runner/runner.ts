import { createHash, timingSafeEqual } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'

import type { Tree } from '#lib/domain/tree-changes.ts'
import {
  RUNNER_PING_MS,
  RUNNER_PLACES,
  RUNNER_SILENCE_MS,
  type RunnerAsk,
  type RunnerOperation,
} from '#lib/protocol/runner-words.ts'
import { contentOf, layerOf } from './archive.ts'
import { Link } from './link.ts'
import { Script } from './script.ts'
import { placeOf, type SeenNode, snapshot } from './snapshot.ts'
import { proxyWays } from './ways.ts'

const WHY_CHARS_MAX = 2000
/** Nobody without the key keeps a connection. */
const KEY_MS_MAX = 5000
/** The times of files come from a clock that ticks some hundred times a second, and are behind. */
const CLOCK_MS = 1000
const STATUS_FILE = 'var/lib/dpkg/status'

export type RunnerSetting = {
  readonly keySha256: string
  readonly root: string
  readonly places: typeof RUNNER_PLACES | Readonly<Record<keyof typeof RUNNER_PLACES, string>>
  mounted(): ReadonlySet<string>
  /** How a script is started; the runner's own way in a pod. */
  script(env: Readonly<Record<string, string>>): Script
  /** Nobody has held it for so long. */
  abandoned(): void
  readonly silenceMs?: number
}

/** One root and what is done with it, by one server after the other. */
export class Runner {
  readonly #setting: RunnerSetting
  readonly ways = proxyWays()
  #before: { readonly tree: Tree<SeenNode>; readonly status: Buffer } | undefined
  #began: Date | undefined
  #running: { readonly number: number; readonly script: Script } | undefined
  #silence: ReturnType<typeof setTimeout> | undefined

  constructor(setting: RunnerSetting) {
    this.#setting = setting
    this.#heard()
  }

  async accept(socket: Socket): Promise<void> {
    const link = new Link(socket)
    const late = setTimeout(() => link.destroy(), KEY_MS_MAX)
    try {
      const first = await link.next()
      clearTimeout(late)
      const ask = first?.kind === 'control' ? (first.message as RunnerAsk) : undefined // of a server that has the key, or nobody's
      if (!ask || !this.#isKey(ask.key)) return link.destroy()
      this.#heard()
      await this.#do(ask.operation, link)
    } catch (error) {
      clearTimeout(late)
      const why = String(error instanceof Error ? error.message : error).slice(0, WHY_CHARS_MAX)
      await link.say({ type: 'failed', why }).catch(() => undefined) // it has hung up
      link.end()
    }
  }

  async #do(operation: RunnerOperation, link: Link): Promise<void> {
    switch (operation.type) {
      case 'hold':
        return this.#hold(link)
      case 'way':
        return this.ways.offer(link)
      case 'begin':
        return this.#send(link, [this.#begin()])
      case 'give':
        return this.#take(operation, link)
      case 'run':
        return this.#run(operation, link)
      case 'changes':
        return this.#changes(operation, link)
      case 'content':
        return this.#content(operation, link)
      default:
        return operation satisfies never
    }
  }

  async #hold(link: Link): Promise<void> {
    await link.say({ type: 'ping' })
    const pings = setInterval(() => void link.say({ type: 'ping' }).catch(() => undefined), RUNNER_PING_MS)
    link.onClose(() => clearInterval(pings))
    while (await link.next()) this.#heard()
    clearInterval(pings)
    link.end()
  }

  #begin(): Buffer {
    const { root, mounted } = this.#setting
    if (!this.#before) {
      const tree = snapshot(root, mounted())
      this.#before = { tree, status: tree.has(STATUS_FILE) ? readFileSync(placeOf(root, STATUS_FILE)) : Buffer.alloc(0) }
    }
    return this.#before.status
  }

  async #take({ place, files }: Extract<RunnerOperation, { type: 'give' }>, link: Link): Promise<void> {
    const folder = this.#setting.places[place]
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
    let held: Uint8Array = Buffer.alloc(0)
    for (const { name, size } of files) {
      if (name.includes('/') || name.startsWith('.')) throw new Error(`"${name}" is no plain name`)
      const fd = openSync(join(folder, name), 'wx', 0o644)
      try {
        for (let left = size; left > 0;) {
          if (held.length === 0) held = await bytesOf(link)
          const part = held.subarray(0, left)
          for (let at = 0; at < part.length;) at += writeSync(fd, part, at)
          held = held.subarray(part.length)
          left -= part.length
        }
      } finally {
        closeSync(fd)
      }
    }
    await link.say({ type: 'end' })
    link.end()
  }

  async #run({ number, from, env }: Extract<RunnerOperation, { type: 'run' }>, link: Link): Promise<void> {
    if (this.#running?.number !== number) {
      if (number !== (this.#running?.number ?? 0) + 1) throw new Error(`script ${number} is not the next`)
      this.#began ??= new Date(Date.now() - CLOCK_MS)
      this.#running = { number, script: this.#setting.script(env) }
    }
    const output = this.#running.script.output(from)
    for (let offset = from; ;) {
      const { value, done } = await output.next()
      if (done) {
        await link.say({ type: 'ended', ...value })
        return link.end()
      }
      offset = await link.data(offset, value)
    }
  }

  async #changes({ fallbackMs }: Extract<RunnerOperation, { type: 'changes' }>, link: Link): Promise<void> {
    const { root, mounted } = this.#setting
    if (!this.#before) throw new Error('nobody has looked at the root as it was')
    const trees = { root, before: this.#before.tree, after: snapshot(root, mounted()) }
    const { newest, bytes } = layerOf(trees, { begin: this.#began ?? new Date(), fallback: new Date(fallbackMs) })
    await link.say({ type: 'newest', ms: newest.getTime() })
    await this.#send(link, bytes)
  }

  async #content({ folder }: Extract<RunnerOperation, { type: 'content' }>, link: Link): Promise<void> {
    const bytes = contentOf(this.#setting.root, folder)
    await link.say({ type: bytes ? 'some' : 'none' })
    await this.#send(link, bytes ?? [])
  }

  async #send(link: Link, bytes: Iterable<Buffer>): Promise<void> {
    let offset = 0
    for (const part of bytes) offset = await link.data(offset, part)
    await link.say({ type: 'end' })
    link.end()
  }

  #isKey(key: unknown): boolean {
    const sha256 = createHash('sha256').update(String(key)).digest()
    return timingSafeEqual(sha256, Buffer.from(this.#setting.keySha256, 'hex'))
  }

  #heard(): void {
    clearTimeout(this.#silence)
    this.#silence = setTimeout(() => this.#setting.abandoned(), this.#setting.silenceMs ?? RUNNER_SILENCE_MS)
    this.#silence.unref()
  }
}

async function bytesOf(link: Link): Promise<Uint8Array> {
  const frame = await link.next()
  if (frame?.kind !== 'data') throw new Error('the files ended early')
  return frame.bytes
}
