import { CODE_BYTES_MAX } from '#lib/protocol/sizes.ts'
import type { Problem } from '#lib/domain/problem.ts'
import type { Answer, JobEvent, LspEnd, Resumed, Started } from '#lib/protocol/browser.ts'

import type { After } from './ack-pacer.ts'
import { type InputBuffer, inputBuffer } from './input-buffer.ts'
import { type Screen, sessionScreen } from './session-screen.ts'
import { openSessionSocket, type SessionSocket } from './session-socket.ts'
import { type Command, type SessionEvent, type SessionState, step } from './session-state.ts'
import type { KeptSession, TabSession } from './tab-session.ts'
import { isReport } from './terminal-words.ts'

/** What the page shows of a session; a new object at every change. */
export type View = { readonly state: SessionState; readonly isConnected: boolean; readonly problem?: Problem }

export type Session = {
  view(): View
  subscribe(changed: () => void): () => void
  /** Typed into the terminal, or answered by it. */
  type(data: Uint8Array, asText: string): void
  resize(cols: number, rows: number): void
  /** Runs the program as soon as the session can. */
  run(program: RunRequest): void
  stop(): void
  prompt(): void
  renew(): void
  /** The text as the language's formatter has it; undefined when the connection broke meanwhile. */
  format(text: string): Promise<Answer<{ text: string }> | undefined>
  /** The language's version, by its own word. */
  version(): Promise<Answer<{ text: string }> | undefined>
  readonly lsp: LspWire
  /** Closes the socket; the session itself lives on for the grace, since this may be a reload. */
  close(): void
}

/** What a run takes. Arguments and flags only for a language that hands them on; with input, the terminal is not read. */
export type RunRequest = {
  readonly files: readonly { readonly path: string; readonly text: string }[]
  readonly args?: readonly string[]
  readonly flags?: readonly string[]
  readonly input?: string
}

/** The way to the session's language server; it ends with the connection. */
export type LspWire = {
  start(): Promise<Answer<{ server: number }> | undefined>
  send(server: number, bytes: Uint8Array): void
  ack(server: number, offset: number): void
  stop(server: number): void
  listen(listener: LspListener): () => void
}
export type LspListener = {
  output(server: number, offset: number, bytes: Uint8Array): void
  ended(server: number, end: LspEnd): void
}

/** A move to another server takes a fraction of this; what takes longer is worth saying. */
export const FACE_MS = 1_000
/** Waits this long before a resume is asked for again that was refused for now. */
export const RETRY_MS = 1_500

export type SessionParts = { lang: string; hasPrompt: boolean; screen: Screen; tab: TabSession; after: After; url?: string }

/** One visitor's session: opens it, keeps it through lost connections and reloads, and tells the page how it stands. */
export async function openSession({ lang, hasPrompt, screen, tab, after, url }: SessionParts): Promise<Session> {
  let kept: KeptSession | undefined = await tab.take()
  let view: View = { state: { at: 'connecting', kept: kept !== undefined }, isConnected: false }
  let shown = view
  let wanted: RunRequest | undefined
  let isReloaded = kept !== undefined
  let knownJob = 0 // the prompt that a session begins with
  let cancelRetry: (() => void) | undefined
  let cancelFace: (() => void) | undefined
  const listeners = new Set<() => void>()
  const lspListeners = new Set<LspListener>()

  const socket: SessionSocket = openSessionSocket(
    {
      opened: () => take({ type: 'opened' }, { isConnected: true }),
      lost() {
        input.pause()
        cancelRetry?.()
        take({ type: 'lost' }, { isConnected: false })
      },
      phase: (phase, place) => take({ type: 'phase', phase, ...(place === undefined ? {} : { place }) }),
      output: (offset, bytes) => output.draw(offset, bytes, kept?.screenFrom ?? 0),
      inputAck: (offset) => input.acked(offset),
      job: onJob,
      problem: (problem) => show({ ...view, problem }),
      lspOutput: (server, offset, bytes) => lspListeners.forEach((one) => one.output(server, offset, bytes)),
      lspEnded: (server, end) => lspListeners.forEach((one) => one.ended(server, end)),
      ended(reason) {
        forget()
        take({ type: 'ended', reason })
      },
      replaced() {
        forget()
        take({ type: 'replaced' })
      },
      moving: keepFace,
    },
    url,
  )
  const output = sessionScreen(screen, (offset) => socket.ack(offset), after)
  let input: InputBuffer = inputBuffer((offset, bytes) => socket.input(offset, bytes))

  function take(event: SessionEvent, also: Partial<View> = {}) {
    const { state, command } = step(view.state, event)
    show({ ...view, ...also, state })
    if (command) obey[command]()
    if (view.state.at === 'attached' && wanted) void sendRun(wanted)
  }

  function show(next: View) {
    view = next
    if (cancelFace && (next.state.at === 'reconnecting' || next.state.at === 'resuming')) return
    dropFace()
  }

  /** The page goes on to show what it showed until the session is there again, or that takes too long to be hidden. */
  function keepFace() {
    if (view.state.at === 'attached') cancelFace ??= after(FACE_MS, dropFace)
  }

  function dropFace() {
    cancelFace?.()
    cancelFace = undefined
    shown = view
    for (const changed of listeners) changed()
  }

  const obey: Record<Command, () => void> = {
    start: () => void start(),
    restart() {
      forget()
      screen.notice('the earlier session is over; this is a new one')
      void start()
    },
    resume: () => void resume(),
    retry: () => void (cancelRetry = after(RETRY_MS, () => void resume())),
  }

  async function start() {
    input.pause()
    input = inputBuffer((offset, bytes) => socket.input(offset, bytes))
    output.begin()
    knownJob = 0
    isReloaded = false
    const answer = await socket.call('start', { lang, ...screen.size })
    if (!answer) return
    if (answer.ok) onStarted(answer.value)
    else take({ type: 'refused', problem: answer.error })
  }

  function onStarted({ session, token }: Started) {
    kept = { session, token, screenFrom: 0 }
    tab.keep(kept)
    input.resume(0)
    take({ type: 'started', hasPrompt }, { isConnected: true })
    socket.resize(screen.size.cols, screen.size.rows)
  }

  async function resume() {
    if (!kept || !socket.isOpen) return
    const { session, token } = kept
    const answer = await socket.call('resume', { session, token, offset: output.next, inputEnd: input.base, ...screen.size })
    if (!answer) return
    if (answer.ok) onResumed(answer.value)
    else take({ type: 'refused', problem: answer.error })
  }

  function onResumed(resumed: Resumed) {
    output.goOn(resumed.from, isReloaded ? resumed.end : undefined)
    isReloaded = false
    knownJob = Math.max(knownJob, resumed.job)
    input.resume(resumed.inputEnd)
    take({ type: 'resumed', resumed })
  }

  function onJob(event: JobEvent) {
    if (event.job > knownJob) {
      output.nextProgram()
      knownJob = event.job
      if (kept) tab.keep((kept = { ...kept, screenFrom: output.next }))
    }
    take({ type: 'job', event })
  }

  async function sendRun({ files, args, flags, input: text }: RunRequest) {
    wanted = undefined
    const answer = await socket.call('run', {
      files: [...files],
      ...(args && { args: [...args] }),
      ...(flags && { flags: [...flags] }),
      ...(text === undefined ? {} : { input: text }),
    })
    if (answer && !answer.ok) show({ ...view, problem: answer.error })
  }

  async function ask(name: 'repl' | 'stop') {
    show(withoutProblem(view))
    const answer = await socket.call(name, {})
    if (answer && !answer.ok) show({ ...view, problem: answer.error })
  }

  function forget() {
    input.pause()
    kept = undefined
    tab.forget()
  }

  return {
    view: () => shown,
    subscribe(changed) {
      listeners.add(changed)
      return () => void listeners.delete(changed)
    },
    type(data, asText) {
      if (output.isReplaying && isReport(asText)) return
      if (!input.push(data)) show({ ...view, problem: { code: 'input_full', max: data.length } })
    },
    resize: (cols, rows) => socket.resize(cols, rows),
    run(program) {
      show(withoutProblem(view))
      const bytes = new TextEncoder().encode(program.files.map(({ text }) => text).join('')).length
      if (bytes > CODE_BYTES_MAX) return show({ ...view, problem: { code: 'code_too_large', max: CODE_BYTES_MAX } })
      wanted = program
      take({ type: 'renew', open: socket.isOpen })
    },
    stop: () => void ask('stop'),
    prompt: () => void ask('repl'),
    renew() {
      show(withoutProblem(view))
      screen.reset()
      take({ type: 'renew', open: socket.isOpen })
    },
    format: (text) => socket.call('format', { text }),
    version: () => socket.call('version', {}),
    lsp: {
      start: () => socket.call('lsp', {}),
      send: (server, bytes) => socket.lspInput(server, bytes),
      ack: (server, offset) => socket.lspAck(server, offset),
      stop: (server) => socket.lspStop(server),
      listen(listener) {
        lspListeners.add(listener)
        return () => void lspListeners.delete(listener)
      },
    },
    close() {
      cancelRetry?.()
      cancelFace?.()
      socket.close()
      listeners.clear()
    },
  }
}

const withoutProblem = ({ state, isConnected }: View): View => ({ state, isConnected })
