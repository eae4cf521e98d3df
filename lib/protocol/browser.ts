import { z } from 'zod'

import { END_REASONS, type Ending } from '../domain/ending.ts'
import { FILE_NAME_BYTES_MAX } from '../domain/file-name.ts'
import type { Problem } from '../domain/problem.ts'
import { ARGUMENT_CHARS_MAX, ARGUMENTS_MAX, FILES_MAX } from './sizes.ts'

export { CODE_BYTES_MAX, INPUT_BYTES_MAX, LSP_INPUT_BYTES_MAX } from './sizes.ts'

/** Ill-formed events of one socket before it is closed. */
export const BAD_MESSAGES_MAX = 20

const offset = z
  .int()
  .min(0)
  .max(2 ** 47)
const cells = z.number()
const words = z
  .array(
    z
      .string()
      .max(ARGUMENT_CHARS_MAX)
      .refine((word) => !word.includes('\0'), 'must not hold NUL'),
  )
  .max(ARGUMENTS_MAX)
const hex32 = z.string().regex(/^[0-9a-f]{32}$/)

export const startBody = z.strictObject({ lang: z.string().max(64), cols: cells, rows: cells })
export const resumeBody = z.strictObject({ session: hex32, token: hex32, offset, inputEnd: offset, cols: cells, rows: cells })
export const runBody = z.strictObject({
  files: z
    .array(z.strictObject({ path: z.string().min(1).max(FILE_NAME_BYTES_MAX), text: z.string() }))
    .min(1)
    .max(FILES_MAX),
  /** Handed to `run` where the language takes them, and refused where it does not. */
  args: words.optional(),
  /** Handed to `compile`. */
  flags: words.optional(),
  /** What the program reads instead of the terminal, with the end of input after it. */
  input: z.string().optional(),
})
export const formatBody = z.strictObject({ text: z.string() })
export const taskBody = z.strictObject({ name: z.enum(['ensure']) })
/** Which of the language servers that this session started, one after another, is meant. */
const server = z.int().min(1)
export const lspInputArgs = z.tuple([server, z.instanceof(Uint8Array)])
export const lspAckArgs = z.tuple([server, offset])
export const lspStopArgs = z.tuple([server])
export const nothing = z.undefined().or(z.strictObject({}))
export const inputArgs = z.tuple([offset, z.instanceof(Uint8Array)])
export const ackArgs = z.tuple([offset])
export const resizeArgs = z.tuple([cells, cells])

export type Answer<T> = { ok: true; value: T } | { ok: false; error: Problem }
type Call<Body, Value> = (body: Body, answer: (answer: Answer<Value>) => void) => void

export const PHASES = ['queued', 'starting', 'scheduling', 'pulling', 'preparing', 'claiming', 'ready'] as const
export type Phase = (typeof PHASES)[number]
export type JobState = 'idle' | 'running' | 'prompt' | 'ended'

export type Started = { session: string; token: string; lang: string }
export type Resumed = {
  session: string
  from: number
  end: number
  inputEnd: number
  state: 'idle' | 'running' | 'prompt'
  job: number
}
export type TaskEnded = { code?: number; signal?: string; timedOut: boolean; outputSpent: boolean; output: string }

/** What a browser may send; the values are checked by the schemas above before anything else looks at them. */
export type ToServer = {
  start: Call<z.infer<typeof startBody>, Started>
  resume: Call<z.infer<typeof resumeBody>, Resumed>
  run: Call<z.infer<typeof runBody>, { job: number }>
  repl: Call<Record<string, never>, { job: number }>
  stop: Call<Record<string, never>, Record<string, never>>
  task: Call<z.infer<typeof taskBody>, TaskEnded>
  /** What the language says of its version on this machine; found out once, in a sandbox of its own. */
  version: Call<Record<string, never>, { text: string }>
  /** `format_failed` carries what the formatter said. */
  format: Call<z.infer<typeof formatBody>, { text: string }>
  /** Starts the language server, after ending the one before; its bytes are the Language Server Protocol's. */
  lsp: Call<Record<string, never>, { server: number }>
  leave: Call<Record<string, never>, Record<string, never>>
  input: (offset: number, bytes: Uint8Array) => void
  ack: (offset: number) => void
  /** At most {@link LSP_INPUT_BYTES_MAX} may wait for the server to read them; beyond that it is ended. */
  'lsp-input': (server: number, bytes: Uint8Array) => void
  /** Everything before `offset` was taken in. */
  'lsp-ack': (server: number, offset: number) => void
  'lsp-stop': (server: number) => void
  resize: (cols: number, rows: number) => void
}

export type JobEvent = { job: number; kind: 'run' | 'repl'; state: JobState; ending?: Ending }

/** How a language server ended; `words` is the end of what it wrote to stderr. */
export type LspEnd = { reason: 'exit' | 'memory' | 'stopped' | 'input_full'; code?: number; signal?: string; words: string }

/** What the server sends. */
export type ToBrowser = {
  phase: (event: { phase: Phase; place?: number }) => void
  output: (offset: number, bytes: Uint8Array) => void
  'input-ack': (offset: number) => void
  job: (event: JobEvent) => void
  'lsp-output': (server: number, offset: number, bytes: Uint8Array) => void
  'lsp-ended': (server: number, end: LspEnd) => void
  problem: (problem: Problem) => void
  ended: (event: { reason: (typeof END_REASONS)[number] }) => void
  replaced: () => void
  /** This server is going, or has not this session any more: reconnect after so long, and resume. */
  move: (event: { afterMs: number }) => void
}
