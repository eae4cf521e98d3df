import { err, ok, type Result } from '#lib/domain/result.ts'
import { TASK_ERRORS_CHARS_MAX, type ToAgent } from '#lib/protocol/agent-words.ts'
import { CODE_BYTES_MAX, OUTPUT_WINDOW_BYTES } from '#lib/protocol/sizes.ts'

import { CHUNK_BYTES, type Line } from './output.ts'
import { watchMemory } from './memory-watch.ts'
import { killQuietly, memoryOf } from './processes.ts'
import { spawnBeside, statusOf, type Visitor } from './visitor.ts'
import { within } from './within.ts'

/** Input a task may have been given and not read: a whole program, for those that read it. */
export const TASK_INPUT_BYTES_MAX = CODE_BYTES_MAX
/** As for a job: a process that cannot die must not hold up the end. */
const LAST_OUTPUT_MS = 1000
/**
 * Output read after the task's own end, in bytes: more than the kernel holds of what it had written (208 KiB in a socket). What
 * comes later is of something that it left behind, which could print for ever.
 */
const LAST_OUTPUT_BYTES_MAX = 1024 * 1024

type Start = Extract<ToAgent, { type: 'task' }>

/** A command beside the terminal, whose input and output are a stream of their own. */
export class Task {
  readonly finished: Promise<void>
  readonly #start: Start
  readonly #line: Line
  readonly #child: Visitor
  #isAbandoned = false
  #timedOut = false
  #outputSpent = false
  #memorySpent = false
  #errors = ''
  #sent = 0
  #sentMax = Infinity
  #acked = 0
  #waiting: (() => void) | undefined
  #inputEnd = 0
  #inputHeld = 0
  #feeding: Promise<void> = Promise.resolve()

  constructor(start: Start, line: Line) {
    this.#start = start
    this.#line = line
    const { command, errorsApart } = start
    this.#child = spawnBeside(command, { stdin: 'pipe', stdout: 'pipe', ...(errorsApart && { stderr: 'pipe' }) })
    this.finished = this.#run()
  }

  get pid(): number {
    return this.#child.pid
  }

  input(offset: number, bytes: Uint8Array): Result<void, { code: 'gap' | 'input_full' }> {
    if (offset > this.#inputEnd) return err({ code: 'gap' })
    const fresh = bytes.subarray(this.#inputEnd - offset)
    if (this.#inputHeld + fresh.length > TASK_INPUT_BYTES_MAX) return err({ code: 'input_full' })
    this.#inputEnd += fresh.length
    this.#inputHeld += fresh.length
    const end = this.#inputEnd
    this.#feed(async (stdin) => {
      // Both may reject, and a rejection that nobody waits for would end us: what does not read any more is no fault of ours.
      await Promise.all([stdin.write(fresh), stdin.flush()])
      this.#inputHeld -= fresh.length
      if (!this.#isAbandoned) this.#line.say({ type: 'task-input-ack', stream: this.#start.stream, offset: end })
    })
    return ok(undefined)
  }

  endInput(): void {
    this.#feed(async (stdin) => {
      await stdin.end()
    })
  }

  ack(offset: number): void {
    this.#acked = Math.min(this.#sent, Math.max(this.#acked, offset))
    this.#waiting?.()
    this.#waiting = undefined
  }

  /** Its viewer is gone: ends it, and with nobody to hear of that. */
  abandon(): void {
    this.#isAbandoned = true
    this.stop()
    this.ack(0)
  }

  stop(): void {
    killQuietly(-this.pid)
    killQuietly(this.pid) // it may not lead its group yet
  }

  async #run(): Promise<void> {
    const timer = setTimeout(() => {
      this.#timedOut = true
      this.stop()
    }, this.#start.timeMs)
    const watching = this.#watchMemory()
    const reading = this.#read()
    const complaining = this.#readErrors()
    await this.#child.exited
    clearTimeout(timer)
    watching?.stop()
    this.stop()
    this.#sentMax = this.#sent + LAST_OUTPUT_BYTES_MAX
    while (!(await within(LAST_OUTPUT_MS, reading)) && this.#waiting); // for its viewer it waits as long as there is one
    await within(LAST_OUTPUT_MS, complaining)
    if (this.#isAbandoned) return
    this.#line.say({
      type: 'task-ended',
      stream: this.#start.stream,
      ...statusOf(this.#child),
      timedOut: this.#timedOut,
      outputSpent: this.#outputSpent,
      ...(this.#memorySpent && { memorySpent: true }),
      ...(this.#start.errorsApart && { errors: this.#errors }),
    })
  }

  #watchMemory(): { stop(): void } | undefined {
    const { memoryBytesMax } = this.#start
    if (memoryBytesMax === undefined) return undefined
    const spent = () => {
      this.#memorySpent = true
      this.stop()
    }
    return watchMemory(() => memoryOf(this.pid), memoryBytesMax, spent)
  }

  async #read(): Promise<void> {
    for await (const bytes of this.#child.stdout as ReadableStream<Uint8Array>) {
      const kept = bytes.subarray(0, this.#start.outputBytesMax - this.#sent)
      await this.#send(kept)
      if (this.#sent >= this.#sentMax) return
      if (kept.length === bytes.length) continue
      this.#outputSpent = true
      this.stop()
      return
    }
  }

  /** Only the end is kept, so that a server that complains all day costs no more than one that does once. */
  async #readErrors(): Promise<void> {
    if (!this.#start.errorsApart) return
    const decoder = new TextDecoder()
    for await (const bytes of this.#child.stderr as ReadableStream<Uint8Array>) {
      this.#errors = (this.#errors + decoder.decode(bytes, { stream: true })).slice(-TASK_ERRORS_CHARS_MAX)
    }
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#isAbandoned;) {
      const room = Math.min(CHUNK_BYTES, this.#acked + OUTPUT_WINDOW_BYTES - this.#sent)
      if (room <= 0) {
        await new Promise<void>((resolve) => (this.#waiting = resolve))
        continue
      }
      const chunk = bytes.subarray(at, at + room)
      at += chunk.length
      const offset = this.#sent
      this.#sent += chunk.length
      this.#line.data(this.#start.stream, offset, chunk)
    }
  }

  #feed(work: (stdin: Bun.FileSink) => Promise<void>): void {
    const { stdin } = this.#child
    if (stdin) this.#feeding = this.#feeding.then(() => work(stdin)).catch(() => undefined) // it does not read any more
  }
}
