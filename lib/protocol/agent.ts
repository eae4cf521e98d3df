import { z } from 'zod'

import { STREAM_MAX } from './frame.ts'

// The server's words stand apart, so that the agent has them without the schemas.
import { TASK_ERRORS_CHARS_MAX } from './agent-words.ts'

export { AGENT_PROTOCOL, CANARY_LATE_LOOK_MS, CANARY_WAIT_MS, isSpoken, serverHello, SILENCE_MS } from './agent-words.ts'
export type { Canary, Launch, ToAgent } from './agent-words.ts'
export { INPUT_WINDOW_BYTES, OUTPUT_WINDOW_BYTES, RING_BYTES } from './sizes.ts'

const offset = z
  .int()
  .min(0)
  .max(2 ** 47)
const job = z
  .int()
  .min(0)
  .max(2 ** 31)
const short = z.string().max(200)

/** What the kernel counted during a job, from an agent that can see it: for whoever looks, and for nothing else. */
const counted = z.object({
  cpuMs: z.number().min(0).max(1e12),
  peakBytes: z
    .number()
    .min(0)
    .max(2 ** 47)
    .optional(),
  oomKills: z.int().min(0).max(1e6),
  forksRefused: z.int().min(0).max(1e9),
})

/** Agent → server. Every byte of it is hostile input: checked, capped, bound to its own sandbox. */
export const fromAgent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    protocol: z.int(),
    agent: short,
    claimed: z.boolean(),
    /** Since protocol 3: what the agent finds around itself, where it can. `uidMap` is the first line of its own. */
    uidMap: short.optional(),
    pidsMax: z.int().min(1).optional(),
    /** Agent and visitor are the same user. */
    oneId: z.boolean().optional(),
  }),
  /** Since protocol 3: a server of a higher epoch, or the same server on a newer connection, has the sandbox now. */
  z.object({ type: z.literal('fenced') }),
  /** Since protocol 3: what `ready` called blocked was reached after all. */
  z.object({ type: z.literal('canary-open') }),
  /** `canary` says whether an attempt to reach the network failed as it must. */
  z.object({
    type: z.literal('ready'),
    canary: z.enum(['blocked', 'open']),
    atPrompt: z.boolean(),
    end: offset,
    /** Of a language that has a `setup`. */
    setUp: z.enum(['ok', 'failed', 'timeout']).optional(),
  }),
  z.object({ type: z.literal('claimed'), end: offset }),
  z.object({
    type: z.literal('attached'),
    from: offset,
    end: offset,
    inputEnd: offset,
    state: z.enum(['idle', 'running', 'prompt']),
    job,
  }),
  z.object({ type: z.literal('input-ack'), offset }),
  z.object({ type: z.literal('started'), job }),
  /** The program of the job is done and its prompt waits. */
  z.object({ type: z.literal('prompt'), job, wallMs: z.number().min(0).max(1e10), counted: counted.optional() }),
  z.object({
    type: z.literal('ended'),
    job,
    wallMs: z.number().min(0).max(1e10),
    code: z.int().min(0).max(255).optional(),
    signal: short.optional(),
    stopped: z.boolean(),
    outputSpent: z.boolean(),
    diskFull: z.boolean(),
    counted: counted.optional(),
  }),
  z.object({
    type: z.literal('task-ended'),
    stream: z.int().min(1).max(STREAM_MAX),
    code: z.int().min(0).max(255).optional(),
    signal: short.optional(),
    timedOut: z.boolean(),
    outputSpent: z.boolean(),
    memorySpent: z.boolean().optional(),
    errors: z.string().max(TASK_ERRORS_CHARS_MAX).optional(),
  }),
  /** The task has taken its input up to there. */
  z.object({ type: z.literal('task-input-ack'), stream: z.int().min(1).max(STREAM_MAX), offset }),
  z.object({
    type: z.literal('refused'),
    what: z.enum(['hello', 'prepare', 'claim', 'attach', 'run', 'repl', 'task', 'input']),
    code: z.enum([
      'bad_protocol',
      'bad_key',
      'fenced',
      'already_claimed',
      'not_claimed',
      'not_prepared',
      'bad_file_name',
      'file_refused',
      'no_run',
      'no_repl',
      'busy',
      'gap',
      'input_full',
    ]),
    detail: short.optional(),
  }),
  z.object({ type: z.literal('pong') }),
])
export type FromAgent = z.infer<typeof fromAgent>
