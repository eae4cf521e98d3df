/** Version that both sides say in their hello; the server speaks this one and the one before. */
export const AGENT_PROTOCOL = 1

/** Either side takes the other for gone after this long without a frame; pings go out every third of it. */
export const SILENCE_MS = 15_000

/** What the agent needs to know of a language; commands are for `/bin/sh -c`, run in the home as the visitor. */
export type Launch = {
  readonly lang: string
  readonly main: string
  readonly createEmpty?: string
  readonly setup?: string
  readonly daemon?: string
  readonly repl?: string
  readonly compile?: string
  readonly run?: string
  readonly prompt?: string
}

/** What a program is given besides its files. */
export type ProgramInputs = {
  /** `"$@"` of `run`. */
  readonly args?: readonly string[]
  /** `"$@"` of `compile`. */
  readonly flags?: readonly string[]
  /** Read by the program in place of the terminal, then the end of input. */
  readonly input?: string
}

/** Of what a task writes to stderr, in characters. */
export const TASK_ERRORS_CHARS_MAX = 8 * 1024

/** Server → agent. The agent trusts its server, so these are types alone. Words and order: docs/PROTOCOL.md. */
export type ToAgent =
  | { readonly type: 'hello'; readonly protocol: number; readonly key: string }
  | {
      readonly type: 'prepare'
      readonly launch: Launch
      readonly cols: number
      readonly rows: number
      readonly outputBytesMax: number
    }
  | { readonly type: 'claim'; readonly session: string; readonly epoch: number; readonly token: string; readonly lifeMs: number }
  | { readonly type: 'attach'; readonly offset: number }
  | { readonly type: 'detach' }
  | { readonly type: 'ack'; readonly stream: number; readonly offset: number }
  | { readonly type: 'resize'; readonly cols: number; readonly rows: number }
  | ({
      readonly type: 'run'
      readonly job: number
      readonly files: readonly { readonly path: string; readonly text: string }[]
    } & ProgramInputs)
  | { readonly type: 'repl'; readonly job: number }
  | { readonly type: 'stop' }
  | {
      readonly type: 'task'
      readonly stream: number
      readonly command: string
      readonly timeMs: number
      readonly outputBytesMax: number
      /** Keeps what goes to stderr apart, the last {@link TASK_ERRORS_CHARS_MAX} of it, for `task-ended`. */
      readonly errorsApart?: boolean
      /** What it and all that it starts may hold; more, and it is ended. */
      readonly memoryBytesMax?: number
    }
  | { readonly type: 'task-end-input'; readonly stream: number }
  | { readonly type: 'task-stop'; readonly stream: number }
  | { readonly type: 'ping' }
  | { readonly type: 'quit' }
