import { err, ok, type Result } from '#lib/domain/result.ts'
import type { Launch, ProgramInputs } from '#lib/protocol/agent-words.ts'

import { writeFiles, type FileRefused, type VisitorFile } from './files.ts'
import type { Input } from './input.ts'
import { Job } from './job.ts'
import type { Output } from './output.ts'
import { killAllBut, killQuietly } from './processes.ts'
import { INPUT_FILE, jobScript } from './script.ts'
import { Settling } from './settling.ts'
import { ifThereIsRoom, spawnBeside } from './visitor.ts'

/** `setup` of a language that takes longer is ended; the prompt then shows what is missing. */
export const SETUP_MS_MAX = 10_000
/** Words about jobs that wait for the one before; a server sends the next after the answer. */
export const TURNS_MAX = 16

type Preparation = { readonly launch: Launch; readonly cols: number; readonly rows: number; readonly outputBytesMax: number }
type SetUp = 'ok' | 'failed' | 'timeout'
type JobRefused = FileRefused | { readonly code: 'not_prepared' | 'no_run' | 'no_repl' | 'busy' }

/** The jobs of one sandbox: one at a time, each word after the one before has had its effect. */
export class Jobs {
  readonly #output: Output
  readonly #input: Input
  /** Processes beside the terminal that outlive a job. */
  readonly #spared: () => readonly number[]
  #preparation: Preparation | undefined
  #size = { cols: 80, rows: 24 }
  #current: Job | undefined
  #last = 0
  #turn: Promise<unknown> = Promise.resolve()
  #turns = 0

  constructor(output: Output, input: Input, spared: () => readonly number[]) {
    this.#output = output
    this.#input = input
    this.#spared = spared
  }

  get state(): { state: 'idle' | 'running' | 'prompt'; job: number } {
    return { state: this.#current?.state ?? 'idle', job: this.#last }
  }

  get isPrepared(): boolean {
    return this.#preparation !== undefined
  }

  /** Readies the home and opens the prompt, where the language has one; settles when it stands there. */
  async prepare(preparation: Preparation): Promise<{ readonly setUp: SetUp | undefined }> {
    this.#preparation = preparation
    this.#size = preparation
    const { launch } = preparation
    let done: SetUp | undefined
    await this.#inTurn(async () => {
      if (launch.setup !== undefined) done = await setUp(launch.setup)
      this.#startDaemon()
      if (launch.repl === undefined) return
      await this.#makeEmpty(launch)
      const settling = new Settling()
      const job = this.#start(0, launch.repl, (isPrompt) => settling.printed(isPrompt))
      await Promise.race([settling.done, job.finished])
      settling.finish()
    })
    return { setUp: done }
  }

  async run(number: number, files: readonly VisitorFile[], inputs: ProgramInputs): Promise<Result<void, JobRefused>> {
    const run = this.#preparation?.launch.run
    const compile = this.#preparation?.launch.compile
    if (!this.#preparation) return err({ code: 'not_prepared' })
    if (run === undefined) return err({ code: 'no_run' })
    const { input } = inputs
    const all = input === undefined ? files : [...files, { path: INPUT_FILE, text: input }]
    const script = jobScript({ run, ...(compile !== undefined && { compile }) }, inputs)
    return this.#next(number, script, () => writeFiles(all))
  }

  async repl(number: number): Promise<Result<void, JobRefused>> {
    const launch = this.#preparation?.launch
    if (!launch) return err({ code: 'not_prepared' })
    if (launch.repl === undefined) return err({ code: 'no_repl' })
    return this.#next(number, launch.repl, () => this.#makeEmpty(launch))
  }

  async stop(): Promise<void> {
    await this.#inTurn(async () => this.#current?.stop())
  }

  resize(cols: number, rows: number): void {
    this.#size = { cols, rows }
    this.#current?.resize(cols, rows)
  }

  /** After a task: when nothing runs any more, nothing it left behind shall. */
  sweepIfIdle(): void {
    if (!this.#current && this.#turns === 0 && this.#spared().length === 0) this.#kill()
  }

  async #next(
    number: number,
    script: string,
    makeFiles: () => Promise<Result<void, FileRefused>>,
  ): Promise<Result<void, JobRefused>> {
    return this.#inTurn(async () => {
      await this.#current?.stop()
      const made = await makeFiles()
      if (!made.ok) return made
      this.#output.say({ type: 'started', job: number })
      this.#start(number, script)
      return ok(undefined)
    })
  }

  #start(number: number, script: string, printed?: (isPrompt: boolean) => void): Job {
    const job = new Job({
      number,
      script,
      ...this.#size,
      outputBytesMax: this.#preparation?.outputBytesMax ?? 0,
      prompt: this.#preparation?.launch.prompt,
      output: this.#output,
      input: this.#input,
      kill: () => this.#kill(),
      ...(printed && { printed }),
    })
    this.#last = number
    this.#current = job
    void this.#forgetWhenFinished(job)
    return job
  }

  async #forgetWhenFinished(job: Job): Promise<void> {
    await job.finished
    if (this.#current === job) this.#current = undefined
  }

  /** The daemon belongs to the sandbox, not to a job, and starts anew after each. */
  #kill(): void {
    killAllBut(this.#spared())
    this.#startDaemon()
  }

  #startDaemon(): void {
    const daemon = this.#preparation?.launch.daemon
    if (daemon !== undefined) ifThereIsRoom(() => spawnBeside(daemon, { stdin: 'ignore', stdout: 'ignore' }))
  }

  async #makeEmpty({ main, createEmpty }: Launch): Promise<Result<void, FileRefused>> {
    return createEmpty === undefined ? ok(undefined) : writeFiles([{ path: main, text: createEmpty }])
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T | Result<never, { code: 'busy' }>> {
    if (this.#turns >= TURNS_MAX) return err({ code: 'busy' })
    this.#turns++
    const turn = this.#turn.then(work)
    this.#turn = turn.finally(() => this.#turns--)
    return turn
  }
}

async function setUp(script: string): Promise<SetUp> {
  const child = spawnBeside(script, { stdin: 'ignore', stdout: 'ignore' })
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    killQuietly(-child.pid)
  }, SETUP_MS_MAX)
  const code = await child.exited
  clearTimeout(timer)
  return timedOut ? 'timeout' : code === 0 ? 'ok' : 'failed'
}
