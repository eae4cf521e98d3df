import { type ChildProcess, spawn } from 'node:child_process'

import { RUNNER_OUTPUT_BYTES_MAX, RUNNER_PLACES } from '#lib/protocol/runner-words.ts'

/** Both kinds of output stay in their order; what machines allow is less here, as it is for recipes everywhere. */
const BEGIN = `exec 2>&1; ulimit -n 4096; ulimit -c 0; echo 500 >/proc/self/oom_score_adj; cd /; exec /bin/sh -eu ${RUNNER_PLACES.files}/script`
/** After the last process the output is there at once. */
const LAST_OUTPUT_MS = 1000
const SIGNAL_STATUS = 128
/** Of what could not be started, as a shell has it. */
const CANNOT_START = 126

export type ScriptEnd = { readonly status: number; readonly outputSpent: boolean; readonly memoryKills: number }

export type ScriptSetting = {
  readonly env: Readonly<Record<string, string>>
  /** Ends every process of the recipe, also what it left behind. */
  readonly killAll: () => void
  /** How many processes the kernel has ended here for want of memory. */
  readonly memoryKills: () => number
  readonly outputBytesMax?: number
}

/** One script, from its start to its last byte. What it says is kept here, to be read from any offset. */
export class Script {
  readonly #setting: ScriptSetting
  readonly #chunks: Buffer[] = []
  readonly child: ChildProcess
  #bytes = 0
  #outputSpent = false
  #end: ScriptEnd | undefined
  #more = Promise.withResolvers<void>()

  constructor(setting: ScriptSetting, command: readonly string[] = ['/bin/sh', '-c', BEGIN]) {
    this.#setting = setting
    const killsBefore = setting.memoryKills()
    const [program = '', ...args] = command
    const env = setting.env as NodeJS.ProcessEnv // Next's types ask for one name more
    this.child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'], env, cwd: '/' })
    const outputEnds = this.#read()
    this.child.once('error', () => void this.#finish(CANNOT_START, 0, outputEnds))
    this.child.once('exit', (code, signal) => {
      const status = code ?? SIGNAL_STATUS + numberOf(signal)
      void this.#finish(status, killsBefore, outputEnds)
    })
  }

  /** What was said from an offset on, until there is an end. */
  async *output(from: number): AsyncGenerator<Buffer, ScriptEnd> {
    for (let at = from; ;) {
      for (const bytes of this.#from(at)) {
        at += bytes.length
        yield bytes
      }
      if (at < this.#bytes) continue
      if (this.#end) return this.#end
      await this.#more.promise
    }
  }

  *#from(offset: number): Generator<Buffer> {
    let at = 0
    for (const chunk of this.#chunks) {
      if (at + chunk.length > offset) yield chunk.subarray(Math.max(0, offset - at))
      at += chunk.length
    }
  }

  async #read(): Promise<void> {
    const { outputBytesMax = RUNNER_OUTPUT_BYTES_MAX, killAll } = this.#setting
    for await (const chunk of this.child.stdout as AsyncIterable<Buffer>) {
      const kept = chunk.subarray(0, outputBytesMax - this.#bytes)
      this.#chunks.push(kept)
      this.#bytes += kept.length
      this.#wake()
      if (kept.length === chunk.length) continue
      this.#outputSpent = true
      killAll()
      return
    }
  }

  async #finish(status: number, killsBefore: number, outputEnds: Promise<void>): Promise<void> {
    this.#setting.killAll()
    await Promise.race([outputEnds.catch(() => undefined), new Promise((done) => setTimeout(done, LAST_OUTPUT_MS))])
    const memoryKills = Math.max(0, this.#setting.memoryKills() - killsBefore)
    this.#end = { status, outputSpent: this.#outputSpent, memoryKills }
    this.#wake()
  }

  #wake(): void {
    this.#more.resolve()
    this.#more = Promise.withResolvers()
  }
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
}
const numberOf = (signal: NodeJS.Signals | null) => SIGNALS[signal ?? ''] ?? 0
