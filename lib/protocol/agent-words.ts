/** The newest that is spoken here; docs/PROTOCOL.md says what it brought. */
export const AGENT_PROTOCOL = 3
/** The oldest: a server outlives agents and an agent outlives servers, so either speaks the one before too. */
const OLDEST_PROTOCOL = AGENT_PROTOCOL - 1

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

/** Since protocol 3, for a sandbox whose network is there and walled off: what must not be reached from it. */
export type Canary = {
  /** `address:port`, an IPv6 address in brackets; something is known to listen there. */
  readonly targets: readonly string[]
  /** What has not been reached by then is called blocked, for now. Absent: {@link CANARY_WAIT_MS}. */
  readonly waitMs?: number
}

/** A connection within a cluster takes a few milliseconds, and the prompt of most languages longer than this. */
export const CANARY_WAIT_MS = 150
/** So often the agent looks whether one was reached after `ready`. */
export const CANARY_LATE_LOOK_MS = 100
/** So long a target may still be reached after that: what was sent and dropped is sent again after 1 s and after 3. */
export const CANARY_LATE_MS = 5000

/** Of what a task writes to stderr, in characters. */
export const TASK_ERRORS_CHARS_MAX = 8 * 1024

/** Server → agent. The agent trusts its server, so these are types alone. Words and order: docs/PROTOCOL.md. */
export type ToAgent =
  | {
      readonly type: 'hello'
      /** The oldest that the server speaks. */
      readonly protocol: number
      readonly newest?: number
      readonly key: string
      /** Since protocol 3. Of two servers the one with the higher has the sandbox; absent: 0. */
      readonly epoch?: number
    }
  | {
      readonly type: 'prepare'
      readonly launch: Launch
      readonly cols: number
      readonly rows: number
      readonly outputBytesMax: number
      readonly canary?: Canary
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

/** A server's first word. An agent of protocol 2 knows no epochs: there a newer connection always takes the place. */
export function serverHello(key: string, epoch = 0): Extract<ToAgent, { type: 'hello' }> {
  return { type: 'hello', protocol: OLDEST_PROTOCOL, newest: AGENT_PROTOCOL, key, epoch }
}

/** Whether a server can go on with an agent that answered so. */
export const isSpoken = (protocol: number): boolean => OLDEST_PROTOCOL <= protocol && protocol <= AGENT_PROTOCOL

/** The newest that an agent shares with a server; undefined when there is none. */
export function sharedProtocol({ protocol, newest = protocol }: Extract<ToAgent, { type: 'hello' }>): number | undefined {
  const shared = Math.min(newest, AGENT_PROTOCOL)
  return shared >= protocol && isSpoken(shared) ? shared : undefined
}
