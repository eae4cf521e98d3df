import type { EndReason, Ending } from '#lib/domain/ending.ts'
import type { Problem } from '#lib/domain/problem.ts'
import type { JobEvent, JobState, Phase, Resumed } from '#lib/protocol/browser.ts'

/** What owns the terminal, as the page knows it. */
export type Job = { readonly job: number; readonly kind: 'run' | 'repl'; readonly state: JobState; readonly ending?: Ending }

export type SessionState =
  /** No session, or one kept from before a reload; the socket is not open yet. */
  | { readonly at: 'connecting'; readonly kept: boolean }
  | { readonly at: 'starting'; readonly phase?: Phase; readonly place?: number }
  | { readonly at: 'attached'; readonly job?: Job }
  /** The socket is gone, the session lives on for the grace. */
  | { readonly at: 'reconnecting'; readonly job?: Job }
  | { readonly at: 'resuming'; readonly job?: Job }
  | { readonly at: 'refused'; readonly problem: Problem }
  | { readonly at: 'ended'; readonly reason: EndReason }
  /** Another page took the session over. */
  | { readonly at: 'replaced' }

export type SessionEvent =
  | { readonly type: 'opened' }
  | { readonly type: 'lost' }
  | { readonly type: 'phase'; readonly phase: Phase; readonly place?: number }
  /** `hasPrompt`: the language's prompt is the first job. */
  | { readonly type: 'started'; readonly hasPrompt: boolean }
  | { readonly type: 'resumed'; readonly resumed: Resumed }
  | { readonly type: 'refused'; readonly problem: Problem }
  | { readonly type: 'job'; readonly event: JobEvent }
  | { readonly type: 'ended'; readonly reason: EndReason }
  | { readonly type: 'replaced' }
  /** The visitor asks for a new session; `open` says whether the socket is. */
  | { readonly type: 'renew'; readonly open: boolean }

/** What the owner of the socket has to do after a step. `retry` is `resume` after a while. */
export type Command = 'start' | 'resume' | 'retry' | 'restart'
export type Step = { readonly state: SessionState; readonly command?: Command }

/** The next state. An event that a state has no use for changes nothing: answers may come after the question was dropped. */
export function step(state: SessionState, event: SessionEvent): Step {
  if (event.type === 'replaced') return { state: hasSession(state) ? { at: 'replaced' } : state }
  if (event.type === 'ended') return { state: hasSession(state) ? { at: 'ended', reason: event.reason } : state }
  if (event.type === 'renew') return renewed(state, event.open)
  switch (state.at) {
    case 'connecting':
      if (event.type !== 'opened') return { state }
      return state.kept ? { state: { at: 'resuming' }, command: 'resume' } : { state: { at: 'starting' }, command: 'start' }
    case 'starting':
      return starting(state, event)
    case 'attached':
      if (event.type === 'lost') return { state: { ...state, at: 'reconnecting' } }
      return { state: event.type === 'job' ? { at: 'attached', job: event.event } : state }
    case 'reconnecting':
      return event.type === 'opened' ? { state: { ...state, at: 'resuming' }, command: 'resume' } : { state }
    case 'resuming':
      return resuming(state, event)
    case 'refused':
      // A socket that opens again is most likely a server that started again.
      return event.type === 'opened' ? { state: { at: 'starting' }, command: 'start' } : { state }
    case 'ended':
    case 'replaced':
      return { state }
    default:
      return state satisfies never
  }
}

/** Job 0 is the prompt a session begins with. */
const PROMPT: Job = { job: 0, kind: 'repl', state: 'running' }

type Of<At extends SessionState['at']> = Extract<SessionState, { at: At }>

function starting(state: Of<'starting'>, event: SessionEvent): Step {
  switch (event.type) {
    case 'lost':
      return { state: { at: 'connecting', kept: false } }
    case 'phase':
      return { state: { at: 'starting', phase: event.phase, ...(event.place === undefined ? {} : { place: event.place }) } }
    case 'started':
      return { state: event.hasPrompt ? { at: 'attached', job: PROMPT } : { at: 'attached' } }
    case 'refused':
      return { state: { at: 'refused', problem: event.problem } }
    default:
      return { state }
  }
}

function resuming(state: Of<'resuming'>, event: SessionEvent): Step {
  switch (event.type) {
    case 'lost':
      return { state: { ...state, at: 'reconnecting' } }
    case 'job':
      return { state: { at: 'resuming', job: event.event } }
    case 'resumed':
      return { state: { at: 'attached', job: resumedJob(state.job, event.resumed) } }
    case 'refused':
      return isOver(event.problem) ? { state: { at: 'starting' }, command: 'restart' } : { state, command: 'retry' }
    default:
      return { state }
  }
}

function renewed(state: SessionState, open: boolean): Step {
  if (state.at !== 'refused' && state.at !== 'ended' && state.at !== 'replaced') return { state }
  return open ? { state: { at: 'starting' }, command: 'start' } : { state: { at: 'connecting', kept: false } }
}

/** Of a job that began before a reload only the events that follow tell the kind. */
function resumedJob(known: Job | undefined, { job, state }: Resumed): Job {
  if (known?.job === job && (state !== 'idle' || known.state === 'ended'))
    return { ...known, state: known.state === 'ended' ? 'ended' : state }
  return { job, kind: job === 0 ? 'repl' : 'run', state }
}

const hasSession = ({ at }: SessionState) => at === 'attached' || at === 'resuming' || at === 'reconnecting' || at === 'starting'

/** The session will not come back, however often it is asked for. */
const isOver = ({ code }: Problem) => code === 'no_session' || code === 'session_ended' || code === 'bad_token' || code === 'lost'
