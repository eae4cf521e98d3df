import { statfsSync } from 'node:fs'

import { countFromHere } from './counted.ts'
import type { Input } from './input.ts'
import { signalling } from './keys.ts'
import type { Output } from './output.ts'
import { PromptWatch } from './prompt.ts'
import { Pty } from './pty.ts'
import { HOME, ifThereIsRoom, spawnOnTerminal, statusOf } from './visitor.ts'
import { within } from './within.ts'

/** After the end of a job its last output is there at once; a process that cannot die must not hold up the rest. */
export const LAST_OUTPUT_MS = 1000
/** A disk with less room than this explains a program that failed. */
export const DISK_FULL_BYTES = 64 * 1024
/** As a shell says of a command that it cannot start. */
export const CANNOT_START = 126

export type JobSetting = {
  readonly number: number
  readonly script: string
  readonly cols: number
  readonly rows: number
  readonly outputBytesMax: number
  readonly prompt: string | undefined
  readonly output: Output
  readonly input: Input
  /** Ends everything that runs in the sandbox for this job, also what it left behind. */
  readonly kill: () => void
  /** Told of each output and, with true, of the prompt. */
  readonly printed?: (isPrompt: boolean) => void
}

/** One program that owns the terminal, from its start to the last byte of its output. */
export class Job {
  readonly number: number
  readonly finished: Promise<void>
  readonly #setting: JobSetting
  readonly #pty: Pty
  readonly #beganAt = performance.now()
  readonly #counted = countFromHere()
  #watch: PromptWatch | undefined
  #atPrompt = false
  #isOver = false
  #stopped = false
  #outputSpent = false
  #outputBytes = 0

  constructor(setting: JobSetting) {
    this.#setting = setting
    this.number = setting.number
    if (setting.prompt !== undefined) this.#watch = new PromptWatch(setting.prompt)
    this.#pty = new Pty(setting.cols, setting.rows)
    this.finished = this.#run()
  }

  get state(): 'running' | 'prompt' {
    return this.#atPrompt ? 'prompt' : 'running'
  }

  resize(cols: number, rows: number): void {
    this.#pty.resize(cols, rows)
  }

  /** Settles with the job's end. */
  async stop(): Promise<void> {
    if (!this.#isOver) {
      this.#stopped = true
      this.#setting.kill()
    }
    await this.finished
  }

  async #run(): Promise<void> {
    const { input, output } = this.#setting
    const child = this.#start()
    input.open(this.#pty.isWhole || !child ? this.#pty : signalling(this.#pty, child.pid))
    const reading = this.#read()
    await child?.exited

    const wallMs = performance.now() - this.#beganAt
    const diskFull = [HOME, '/tmp'].some(isFull)
    this.#isOver = true
    input.close()
    output.wake()
    this.#setting.kill()
    this.#pty.finish()
    await within(LAST_OUTPUT_MS, reading)
    this.#pty.close()
    const counted = this.#counted()
    output.say({
      type: 'ended',
      job: this.number,
      wallMs,
      ...(child ? statusOf(child) : { code: CANNOT_START }),
      stopped: this.#stopped,
      outputSpent: this.#outputSpent,
      diskFull,
      ...(counted && { counted }),
    })
  }

  /** Undefined when the kernel refused, which the terminal then says. */
  #start(): Bun.Subprocess | undefined {
    const child = ifThereIsRoom(() => spawnOnTerminal(this.#setting.script, this.#pty.slave))
    this.#pty.releaseSlave()
    if (!child) this.#setting.output.append(Buffer.from('Cannot start: no more processes\r\n'))
    return child
  }

  async #read(): Promise<void> {
    for (;;) {
      await this.#setting.output.room(() => this.#isOver)
      const bytes = await this.#pty.read()
      if (!bytes) return
      this.#print(bytes)
    }
  }

  #print(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, this.#setting.outputBytesMax - this.#outputBytes)
    this.#outputBytes += kept.length
    if (kept.length > 0) this.#setting.output.append(kept)
    if (kept.length < bytes.length && !this.#outputSpent) {
      this.#outputSpent = true
      this.#setting.kill()
    }
    if (this.#watch?.sees(kept) && !this.#isOver) this.#sayPrompt()
    this.#setting.printed?.(this.#atPrompt)
  }

  #sayPrompt(): void {
    this.#watch = undefined
    this.#atPrompt = true
    const counted = this.#counted()
    const wallMs = performance.now() - this.#beganAt
    this.#setting.output.say({ type: 'prompt', job: this.number, wallMs, ...(counted && { counted }) })
  }
}

function isFull(path: string): boolean {
  const { bavail, bsize, ffree, files } = statfsSync(path)
  return bavail * bsize < DISK_FULL_BYTES || (files > 0 && ffree === 0)
}
