import { CODE_BYTES_MAX } from '#lib/protocol/sizes.ts'
import type { Problem } from '#lib/domain/problem.ts'
import type { Answer, JobEvent, LspEnd, Resumed, Started } from '#lib/protocol/browser.ts'

import { ackPacer, type After } from './ack-pacer.ts'
import { type InputBuffer, inputBuffer } from './input-buffer.ts'
import { OutputCursor } from './output-cursor.ts'
import { openSessionSocket, type SessionSocket } from './session-socket.ts'
import { type Command, type SessionEvent, type SessionState, step } from './session-state.ts'
import type { KeptSession, TabSession } from './tab-session.ts'
import { isReport } from './terminal-words.ts'

/** The screen a session draws on. `drawn` is called when the bytes are on it. */
export type Screen = {
  readonly size: { readonly cols: number; readonly rows: number }
  write(bytes: Uint8Array, drawn: () => void): void
  /** A dim line of ours. */
  notice(words: string): void
  /** Lifts what there is into the scrollback, for the next program. */
  fresh(): void
  reset(): void
}

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
  // Output before this offset was on the screen before a reload; answers to it are not sent again.
  let replayEnd = 0
  let drawnEnd = 0
  let isReloaded = kept !== undefined
  let knownJob = 0 // the prompt that a session begins with
  let generation = 0
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
      output: draw,
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
  const cursor = new OutputCursor()
  const acks = ackPacer((offset) => socket.ack(offset), after)
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
    cursor.next = drawnEnd = replayEnd = 0
    knownJob = 0
    generation++
    isReloaded = false
    acks.restart(0)
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
    const answer = await socket.call('resume', { session, token, offset: cursor.next, inputEnd: input.base, ...screen.size })
    if (!answer) return
    if (answer.ok) onResumed(answer.value)
    else take({ type: 'refused', problem: answer.error })
  }

  function onResumed(resumed: Resumed) {
    if (isReloaded) replayEnd = resumed.end
    isReloaded = false
    knownJob = Math.max(knownJob, resumed.job)
    if (cursor.next < resumed.from) drawGap(resumed.from)
    acks.restart(cursor.next)
    input.resume(resumed.inputEnd)
    take({ type: 'resumed', resumed })
  }

  /** After a reload the ring begins where it begins; within a page bytes between are lost, and it is said. */
  function drawGap(from: number) {
    if (cursor.next > 0) {
      screen.reset()
      screen.notice(`${from - cursor.next} bytes were printed while the connection was lost, and are gone`)
    }
    cursor.next = from
  }

  function draw(offset: number, bytes: Uint8Array) {
    const { bytes: fresh, skipped } = cursor.take(offset, bytes)
    if (skipped > 0 && offset - skipped > 0) screen.notice(`${skipped} bytes are missing here`)
    if (fresh.length === 0) return
    const begin = cursor.next - fresh.length
    const screenFrom = kept?.screenFrom ?? 0
    const cut = begin < screenFrom && screenFrom < cursor.next && screenFrom < replayEnd ? screenFrom - begin : 0
    if (cut > 0) put(fresh.subarray(0, cut), begin + cut)
    if (cut > 0 || (begin === screenFrom && begin > 0 && begin < replayEnd)) screen.fresh()
    put(fresh.subarray(cut), cursor.next)
  }

  function put(bytes: Uint8Array, end: number) {
    const session = generation
    screen.write(bytes, () => {
      if (session !== generation) return // drawn late, of a session that is over
      drawnEnd = Math.max(drawnEnd, end)
      acks.drawn(end)
    })
  }

  function onJob(event: JobEvent) {
    if (event.job > knownJob) {
      if (cursor.next > 0) screen.fresh()
      knownJob = event.job
      if (kept) tab.keep((kept = { ...kept, screenFrom: cursor.next }))
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
      if (drawnEnd < replayEnd && isReport(asText)) return
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
