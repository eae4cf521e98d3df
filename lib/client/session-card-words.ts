import { sessionEndWords } from './ending-words.ts'
import type { SessionState } from './session-state.ts'
import { problemWords } from './status-words.ts'

/** What stands over the terminal while there is no session to draw, or none any more. */
export type Card = {
  /** `loading full refused` have an empty terminal below them; below `away over` there is something to read. */
  readonly kind: 'loading' | 'full' | 'refused' | 'away' | 'over'
  readonly title: string
  readonly words?: string
  /** Name of the button that asks for a new session. */
  readonly renew?: string
}

export function cardOf(state: SessionState, isOnline: boolean): Card | undefined {
  switch (state.at) {
    case 'connecting':
      if (isOnline) return { kind: 'loading', title: 'Opening the prompt…' }
      return { kind: 'full', title: 'You are offline', words: `${KEPT} The prompt opens when you are back.` }
    case 'starting':
      if (state.place === undefined) return { kind: 'loading', title: 'Opening the prompt…' }
      return { kind: 'full', title: 'All sandboxes are taken', words: `You are number ${state.place} in the queue. ${KEPT}` }
    case 'reconnecting':
    case 'resuming':
      return { kind: 'away', title: isOnline ? 'Connection lost' : 'You are offline', words: GOES_ON }
    case 'refused':
      return { kind: 'refused', title: 'There is no session', words: problemWords(state.problem), renew: 'Try again' }
    case 'ended':
      return { kind: 'over', title: sessionEndWords(state.reason), renew: 'Start a new one' }
    case 'replaced':
      return { kind: 'over', title: 'This session goes on in another tab.', renew: 'Start a new one here' }
    case 'attached':
      return undefined
    default:
      return state satisfies never
  }
}

const KEPT = 'What you write is kept in this browser meanwhile.'
const GOES_ON = 'Your program goes on, and is taken up again where it is when we are back.'
