import type { Problem } from '#lib/domain/problem.ts'
import type { Answer, LspEnd } from '#lib/protocol/browser.ts'

import { PROMPT, type Actor, type Ran } from './actor.ts'
import type { Files } from './programs.ts'
import { inTime, pause } from './until.ts'

/** What else than Run executes a visitor's bytes: `langs/toolshell.yaml` has both run `tool.sh` of its home. */
export const ENTRIES = ['format', 'lsp'] as const
export type Entry = (typeof ENTRIES)[number]
export const TOOL_LANG = 'toolshell'

/** A formatter has ten seconds, and a busy machine takes some. */
const TOOL_MS_MAX = 30_000

/** Puts a program where the tools are looked for, and waits for a prompt beside which they run. */
export async function place(actor: Actor, tool: Files): Promise<void> {
  const files = [
    { path: 'main.sh', text: '' },
    ...tool.map(({ path, text }) => ({ path: path === 'main.sh' ? 'tool.sh' : path, text })),
  ]
  const from = actor.bytes()
  const begun = await again(() => actor.call('run', { files }))
  if (!begun.ok) throw new Error(`The tool was not placed: ${wordsOf(begun.error)}`)
  await actor.saw(PROMPT, TOOL_MS_MAX, from)
}

/** Formats, and gives what was answered. */
export const format = (actor: Actor, text: string): Promise<Answer<{ text: string }>> =>
  inTime(actor.call<{ text: string }>('format', { text }, TOOL_MS_MAX), TOOL_MS_MAX, () => 'the formatted text')

/** Asks again, later, when it was too often. */
export async function again<T>(ask: () => Promise<Answer<T>>): Promise<Answer<T>> {
  for (;;) {
    const answer = await ask()
    if (answer.ok || answer.error.code !== 'too_many_runs') return answer
    await pause(answer.error.retryAfterMs)
  }
}

export type Server = {
  readonly number: number
  output(): Buffer
  bytes(): number
  ended(ms?: number): Promise<LspEnd>
  send(bytes: Uint8Array): void
  stop(): void
  /** Takes nothing in any more. */
  stall(): void
}

/** As much output as is kept of a server, in bytes. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024

/** Starts the language server, or tells why not. What it prints is taken in at once. */
export async function startServer(actor: Actor): Promise<Answer<Server>> {
  const { socket } = actor
  const kept: Buffer[] = []
  let [bytes, isStalled, number] = [0, false, -1]
  const ended = Promise.withResolvers<LspEnd>()
  const early: (() => void)[] = []
  // What is said of a server can come before the answer that tells its number.
  const when = (of: number, act: () => void) =>
    number < 0 ? void early.push(() => when(of, act)) : void (of === number && act())
  socket.on('lsp-output', (of, offset, chunk) =>
    when(of, () => {
      bytes = offset + chunk.byteLength
      if (bytes <= KEPT_BYTES_MAX) kept.push(Buffer.from(chunk))
      if (!isStalled) socket.emit('lsp-ack', number, bytes)
    }),
  )
  socket.on('lsp-ended', (of, end) => when(of, () => ended.resolve(end)))
  const started = await actor.call<{ server: number }>('lsp', {})
  if (!started.ok) return started
  number = started.value.server
  for (const act of early) act()
  const value: Server = {
    number,
    output: () => Buffer.concat(kept),
    bytes: () => bytes,
    ended: (ms = TOOL_MS_MAX) => inTime(ended.promise, ms, () => `the end of language server ${number}`),
    send: (input) => void socket.emit('lsp-input', number, input),
    stop: () => void socket.emit('lsp-stop', number),
    stall: () => void (isStalled = true),
  }
  return { ok: true, value }
}

/** The same, for who knows that it can be started. */
export async function mustStartServer(actor: Actor): Promise<Server> {
  const started = await again(() => startServer(actor))
  if (!started.ok) throw new Error(`No language server: ${wordsOf(started.error)}`)
  return started.value
}

/** A formatter must give back text, and some; how the program ended is for others to see. */
const LAUNCH = `bash ./inner.sh </dev/null 2>&1 | LC_ALL=C tr '\\200-\\377' '?'\necho the tool has ended\n`

/** This actor, whose programs are run by the formatter or as the language server: its `run` gives what they printed. */
export function throughTool(entry: Entry, actor: Actor): Actor {
  return {
    ...actor,
    async run(files): Promise<Ran> {
      const began = performance.now()
      const inner = files.map(({ path, text }) => ({ path: path === 'main.sh' ? 'inner.sh' : path, text }))
      await place(actor, [{ path: 'main.sh', text: LAUNCH }, ...inner])
      const output = entry === 'format' ? await formatted(actor) : await served(actor)
      return { output, ending: undefined, ms: performance.now() - began }
    },
    begin: () => Promise.reject(new Error(`Nothing can be begun by "${entry}"`)),
  }
}

async function formatted(actor: Actor): Promise<string> {
  const answer = await format(actor, 'text\n')
  if (!answer.ok) throw new Error(`Not formatted: ${wordsOf(answer.error)}`)
  return answer.value.text
}

async function served(actor: Actor): Promise<string> {
  const server = await mustStartServer(actor)
  const { reason, words } = await server.ended()
  if (reason !== 'exit') throw new Error(`The server ended with ${reason}: ${words}`)
  return server.output().toString('latin1')
}

export const wordsOf = (problem: Problem) => JSON.stringify(problem)
