import { PROBLEMS, type Problem } from '#lib/domain/problem.ts'
import type { Phase } from '#lib/protocol/browser.ts'

import { endingWords, promptWords, sessionEndWords } from './ending-words.ts'
import type { Job, SessionState } from './session-state.ts'

/** What the status line says. */
export function statusWords(state: SessionState): string {
  switch (state.at) {
    case 'connecting':
      return 'Connecting…'
    case 'starting':
      return startingWords(state.phase, state.place)
    case 'reconnecting':
      return 'Connection lost; the session is kept while we reconnect…'
    case 'resuming':
      return 'Taking the session up again…'
    case 'refused':
      return problemWords(state.problem)
    case 'ended':
      return sessionEndWords(state.reason)
    case 'replaced':
      return 'This session goes on in another tab.'
    case 'attached':
      return state.job ? jobWords(state.job) : 'Ready'
    default:
      return state satisfies never
  }
}

const PHASE_WORDS: Readonly<Record<Phase, string>> = {
  queued: 'Waiting for a free sandbox…',
  starting: 'Starting a sandbox…',
  scheduling: 'Looking for a machine with room…',
  pulling: 'Fetching the language to its machine…',
  preparing: 'Opening the prompt…',
  claiming: 'Almost there…',
  ready: 'Ready',
}

function startingWords(phase: Phase | undefined, place: number | undefined): string {
  if (phase === 'queued' && place !== undefined) return `Waiting for a free sandbox: number ${place} in the queue`
  return phase === undefined ? 'Asking for a session…' : PHASE_WORDS[phase]
}

function jobWords({ kind, state, ending }: Job): string {
  if (state === 'ended') return ending ? endingWords(ending) : 'ended'
  if (kind === 'repl') return 'Prompt open'
  return state === 'prompt' ? promptWords(ending?.usage) : 'Running…'
}

/** A refusal as a sentence, with what goes along where it helps. */
export function problemWords(problem: Problem): string {
  const words: string = PROBLEMS[problem.code].words
  switch (problem.code) {
    case 'too_many_sessions':
      return `${words} (${problem.max} is the most). Close one and try again.`
    case 'too_fast':
    case 'too_many_runs':
      return `${words}. Try again in ${Math.max(1, Math.ceil(problem.retryAfterMs / 1000))} s.`
    case 'code_too_large':
      return `${words} (${Math.floor(problem.max / 1024)} KiB is the most).`
    default:
      return `${words}.`
  }
}
