import { expect, test } from 'vitest'

import { whyNot } from './actions.ts'
import { type SessionEvent, type SessionState, step, type Step } from './session-state.ts'
import { statusWords } from './status-words.ts'

const ENDING = { reason: 'exit', code: 0, usage: { wallMs: 120 } } as const
const REPL = { job: 0, kind: 'repl', state: 'running' } as const
const RUN = { job: 1, kind: 'run', state: 'running' } as const
const resumed = (job: number, state: 'idle' | 'running' | 'prompt' = 'running'): SessionEvent => ({
  type: 'resumed',
  resumed: { session: 's', from: 0, end: 9, inputEnd: 0, state, job },
})
const refused = (code: 'no_session' | 'session_ended' | 'bad_token' | 'draining' | 'no_room'): SessionEvent =>
  ({ type: 'refused', problem: code === 'session_ended' ? { code, reason: 'idle' } : { code } }) as SessionEvent

test.each<[string, SessionState, SessionEvent, Step]>([
  [
    'connecting -> starting',
    { at: 'connecting', kept: false },
    { type: 'opened' },
    { state: { at: 'starting' }, command: 'start' },
  ],
  [
    'connecting -> resuming',
    { at: 'connecting', kept: true },
    { type: 'opened' },
    { state: { at: 'resuming' }, command: 'resume' },
  ],
  [
    'starting -> starting',
    { at: 'starting' },
    { type: 'phase', phase: 'queued', place: 3 },
    { state: { at: 'starting', phase: 'queued', place: 3 } },
  ],
  [
    'starting -> attached',
    { at: 'starting', phase: 'claiming' },
    { type: 'started', hasPrompt: true },
    { state: { at: 'attached', job: REPL } },
  ],
  ['starting -> refused', { at: 'starting' }, refused('no_room'), { state: { at: 'refused', problem: { code: 'no_room' } } }],
  ['starting -> connecting', { at: 'starting' }, { type: 'lost' }, { state: { at: 'connecting', kept: false } }],
  ['attached -> reconnecting', { at: 'attached', job: RUN }, { type: 'lost' }, { state: { at: 'reconnecting', job: RUN } }],
  ['attached -> attached', { at: 'attached', job: REPL }, { type: 'job', event: RUN }, { state: { at: 'attached', job: RUN } }],
  [
    'attached -> ended',
    { at: 'attached', job: REPL },
    { type: 'ended', reason: 'idle' },
    { state: { at: 'ended', reason: 'idle' } },
  ],
  ['attached -> replaced', { at: 'attached', job: REPL }, { type: 'replaced' }, { state: { at: 'replaced' } }],
  [
    'reconnecting -> resuming',
    { at: 'reconnecting', job: RUN },
    { type: 'opened' },
    { state: { at: 'resuming', job: RUN }, command: 'resume' },
  ],
  ['resuming -> reconnecting', { at: 'resuming', job: RUN }, { type: 'lost' }, { state: { at: 'reconnecting', job: RUN } }],
  [
    'resuming -> attached',
    { at: 'resuming', job: RUN },
    resumed(1, 'prompt'),
    { state: { at: 'attached', job: { ...RUN, state: 'prompt' } } },
  ],
  ['resuming -> attached after a reload', { at: 'resuming' }, resumed(0), { state: { at: 'attached', job: REPL } }],
  [
    'resuming -> starting: no session',
    { at: 'resuming' },
    refused('no_session'),
    { state: { at: 'starting' }, command: 'restart' },
  ],
  [
    'resuming -> starting: ended',
    { at: 'resuming' },
    refused('session_ended'),
    { state: { at: 'starting' }, command: 'restart' },
  ],
  [
    'resuming -> starting: bad token',
    { at: 'resuming' },
    refused('bad_token'),
    { state: { at: 'starting' }, command: 'restart' },
  ],
  ['resuming -> resuming: not now', { at: 'resuming' }, refused('draining'), { state: { at: 'resuming' }, command: 'retry' }],
  [
    'refused -> starting: a new server',
    { at: 'refused', problem: { code: 'draining' } },
    { type: 'opened' },
    { state: { at: 'starting' }, command: 'start' },
  ],
  [
    'refused -> starting: asked',
    { at: 'refused', problem: { code: 'no_room' } },
    { type: 'renew', open: true },
    { state: { at: 'starting' }, command: 'start' },
  ],
  [
    'ended -> starting',
    { at: 'ended', reason: 'idle' },
    { type: 'renew', open: true },
    { state: { at: 'starting' }, command: 'start' },
  ],
  [
    'ended -> connecting',
    { at: 'ended', reason: 'idle' },
    { type: 'renew', open: false },
    { state: { at: 'connecting', kept: false } },
  ],
  ['replaced -> starting', { at: 'replaced' }, { type: 'renew', open: true }, { state: { at: 'starting' }, command: 'start' }],
])('%s', (_, state, event, expected) => {
  expect(step(state, event)).toEqual(expected)
})

test.each<[string, SessionState, SessionEvent]>([
  ['an ended session stays so when the socket opens again', { at: 'ended', reason: 'idle' }, { type: 'opened' }],
  ['a replaced page does not take the session back by itself', { at: 'replaced' }, { type: 'opened' }],
  ['a late answer to a dropped start changes nothing', { at: 'connecting', kept: false }, { type: 'started', hasPrompt: true }],
  ['a phase after the start changes nothing', { at: 'attached', job: REPL }, { type: 'phase', phase: 'ready' }],
  ['a new session is not started over a living one', { at: 'attached', job: REPL }, { type: 'renew', open: true }],
  ['the end of a session is not told twice', { at: 'ended', reason: 'idle' }, { type: 'ended', reason: 'lost' }],
])('%s', (_, state, event) => {
  expect(step(state, event)).toEqual({ state })
})

test('an ending is still known after a reconnect', () => {
  const job = { ...RUN, state: 'ended', ending: ENDING } as const

  expect(step({ at: 'resuming', job }, resumed(1, 'idle')).state).toEqual({ at: 'attached', job })
})

test.each<[SessionState, string]>([
  [{ at: 'starting', phase: 'queued', place: 3 }, 'Waiting for a free sandbox: number 3 in the queue'],
  [{ at: 'attached', job: REPL }, 'Prompt open'],
  [{ at: 'attached', job: RUN }, 'Running…'],
  [{ at: 'attached', job: { ...RUN, state: 'prompt', ending: ENDING } }, 'finished, prompt open · 0.12 s wall'],
  [{ at: 'attached', job: { ...RUN, state: 'ended', ending: ENDING } }, 'finished · exit 0 · 0.12 s wall'],
  [
    { at: 'refused', problem: { code: 'too_fast', retryAfterMs: 1200 } },
    'Too many sessions were started from your address just now. Try again in 2 s.',
  ],
])('%j is told in plain words', (state, words) => {
  expect(statusWords(state)).toBe(words)
})

test('a thing that cannot be done has its reason', () => {
  const python = { canRun: true, hasPrompt: true }
  const attached = (job: typeof RUN | undefined): SessionState => (job ? { at: 'attached', job } : { at: 'attached' })

  expect(whyNot('run', { at: 'ended', reason: 'idle' }, python)).toBeUndefined()
  expect(whyNot('run', attached(RUN), { ...python, canRun: false })).toMatch('no run command')
  expect(whyNot('run', attached(RUN), { ...python, lacks: {} })).toMatch('not installed')
  expect(whyNot('prompt', attached(RUN), { ...python, hasPrompt: false })).toMatch('no prompt')
  expect(whyNot('stop', attached(RUN), python)).toBeUndefined()
  expect(whyNot('stop', attached(undefined), python)).toBe('Nothing is running')
  expect(whyNot('renew', attached(RUN), python)).toBeDefined()
  expect(whyNot('renew', { at: 'replaced' }, python)).toBeUndefined()
})
