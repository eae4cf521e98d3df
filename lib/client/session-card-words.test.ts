import { expect, test } from 'vitest'

import { cardOf } from './session-card-words.ts'
import type { SessionState } from './session-state.ts'

test.each<[SessionState, boolean, string, string]>([
  [{ at: 'connecting', kept: false }, true, 'loading', 'Opening the prompt…'],
  [{ at: 'connecting', kept: true }, false, 'full', 'You are offline'],
  [{ at: 'starting' }, true, 'loading', 'Opening the prompt…'],
  [{ at: 'starting', phase: 'queued', place: 3 }, true, 'full', 'All sandboxes are taken'],
  [{ at: 'reconnecting' }, true, 'away', 'Connection lost'],
  [{ at: 'resuming' }, false, 'away', 'You are offline'],
  [{ at: 'refused', problem: { code: 'too_many_sessions', max: 8 } }, true, 'refused', 'There is no session'],
  [{ at: 'ended', reason: 'memory' }, true, 'over', 'The session ran out of memory.'],
  [{ at: 'replaced' }, true, 'over', 'This session goes on in another tab.'],
])('%j, online %s: a card of the kind %s says %j', (state, isOnline, kind, title) => {
  expect(cardOf(state, isOnline)).toMatchObject({ kind, title })
})

test('a place in the queue is told by its number, a refusal by its reason', () => {
  expect(cardOf({ at: 'starting', phase: 'queued', place: 3 }, true)?.words).toContain('number 3 in the queue')
  expect(cardOf({ at: 'refused', problem: { code: 'too_many_sessions', max: 8 } }, true)?.words).toContain('8 is the most')
})

test('only what is over can be begun anew', () => {
  const renewable = (state: SessionState) => cardOf(state, true)?.renew !== undefined

  expect(renewable({ at: 'ended', reason: 'idle' })).toBe(true)
  expect(renewable({ at: 'reconnecting' })).toBe(false)
  expect(cardOf({ at: 'attached' }, true)).toBeUndefined()
})
