/** Everything that can be refused, with what goes along. Codes are stable; words are made at the edge. */
export type Problem =
  | { readonly code: 'bad_message'; readonly field?: string }
  | { readonly code: 'bad_origin' }
  | { readonly code: 'unknown_lang'; readonly lang: string; readonly near?: readonly string[] }
  | {
      readonly code: 'not_ready'
      readonly lang: string
      readonly missing: readonly string[]
      readonly packages: readonly string[]
    }
  | { readonly code: 'refusing_sessions'; readonly failed: readonly string[] }
  | { readonly code: 'no_room' }
  | { readonly code: 'queue_full' }
  | { readonly code: 'too_many_sessions'; readonly max: number }
  | { readonly code: 'too_fast'; readonly retryAfterMs: number }
  | { readonly code: 'too_many_runs'; readonly retryAfterMs: number }
  | { readonly code: 'start_failed' }
  | { readonly code: 'no_session' }
  | { readonly code: 'session_ended'; readonly reason: string }
  | { readonly code: 'bad_token' }
  | { readonly code: 'input_full'; readonly max: number }
  | { readonly code: 'code_too_large'; readonly max: number }
  | { readonly code: 'bad_file_name'; readonly name: string }
  | { readonly code: 'file_refused'; readonly name: string }
  | { readonly code: 'no_such_task'; readonly task: string }
  | { readonly code: 'no_arguments'; readonly field: 'args' | 'flags' }
  | { readonly code: 'no_formatter' }
  | { readonly code: 'format_failed'; readonly output: string }
  | { readonly code: 'format_too_slow' }
  | { readonly code: 'no_language_server' }
  | { readonly code: 'no_run' }
  | { readonly code: 'no_repl' }
  | { readonly code: 'lost' }
  | { readonly code: 'draining' }
  | { readonly code: 'moved' }
  | { readonly code: 'no_database' }

export type ProblemCode = Problem['code']

/** Every code has an HTTP status and words: a new one does not compile until it is here. */
export const PROBLEMS = {
  bad_message: { status: 400, words: 'The message was not of the agreed form' },
  bad_origin: { status: 403, words: 'This page is not served from here' },
  unknown_lang: { status: 404, words: 'There is no such language here' },
  not_ready: { status: 503, words: 'This language is not installed on this machine' },
  refusing_sessions: { status: 503, words: 'The sandbox failed its self-test, so no program is run' },
  no_room: { status: 503, words: 'No sandbox is free' },
  queue_full: { status: 503, words: 'Too many people are waiting; try again in a minute' },
  too_many_sessions: { status: 429, words: 'Too many sessions are open from your address' },
  too_fast: { status: 429, words: 'Too many sessions were started from your address just now' },
  too_many_runs: { status: 429, words: 'Too many runs at once; wait a moment' },
  start_failed: { status: 500, words: 'The sandbox did not start' },
  no_session: { status: 404, words: 'There is no such session' },
  session_ended: { status: 410, words: 'The session has ended' },
  bad_token: { status: 403, words: 'The session belongs to somebody else' },
  input_full: { status: 429, words: 'The program is not reading; what you typed last was dropped' },
  code_too_large: { status: 413, words: 'The program text is too large' },
  bad_file_name: { status: 400, words: 'That file name cannot be used' },
  file_refused: { status: 409, words: 'The file could not be written in the sandbox' },
  no_such_task: { status: 404, words: 'This language has no such task' },
  no_arguments: { status: 409, words: 'This language hands no such arguments on' },
  no_formatter: { status: 404, words: 'This language has no formatter' },
  format_failed: { status: 422, words: 'The formatter did not take the text' },
  format_too_slow: { status: 504, words: 'The formatter took too long' },
  no_language_server: { status: 404, words: 'This language has no language server' },
  no_run: { status: 409, words: 'This language has no run command' },
  no_repl: { status: 409, words: 'This language has no prompt of its own' },
  lost: { status: 502, words: 'The sandbox went away' },
  moved: { status: 503, words: 'The session is with another server; try again in a moment' },
  no_database: { status: 503, words: 'The database does not answer; try again in a moment' },
  draining: { status: 503, words: 'The server is restarting; try again in a moment' },
} as const satisfies Record<ProblemCode, { status: number; words: string }>
