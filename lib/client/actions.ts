import type { SessionState } from './session-state.ts'

/** What a visitor may do to a session. */
export type Action = 'run' | 'stop' | 'prompt' | 'renew' | 'format'

/** In which states each can be done. A run while we are getting a session, or after its end, waits for the next one. */
const STATES = {
  run: ['connecting', 'starting', 'attached', 'reconnecting', 'resuming', 'refused', 'ended', 'replaced'],
  stop: ['attached'],
  prompt: ['attached'],
  renew: ['refused', 'ended', 'replaced'],
  format: ['attached'],
} as const satisfies Record<Action, readonly SessionState['at'][]>

type Abilities = {
  readonly canRun: boolean
  readonly hasPrompt: boolean
  readonly hasFormatter?: boolean
  readonly lacks?: unknown
}

/** The reason an action cannot be done now; undefined when it can. */
export function whyNot(
  action: Action,
  state: SessionState,
  { canRun, hasPrompt, hasFormatter, lacks }: Abilities,
): string | undefined {
  if (lacks !== undefined) return 'This language is not installed on this machine'
  if (action === 'run' && !canRun) return 'This language has no run command'
  if (action === 'prompt' && !hasPrompt) return 'This language has no prompt of its own'
  if (action === 'format' && !hasFormatter) return 'This language has no formatter here'
  const states: readonly SessionState['at'][] = STATES[action]
  if (!states.includes(state.at)) return 'There is no session to do it in at the moment'
  return action === 'stop' && state.at === 'attached' && !isBusy(state) ? 'Nothing is running' : undefined
}

const isBusy = ({ job }: Extract<SessionState, { at: 'attached' }>) => job?.state === 'running' || job?.state === 'prompt'
