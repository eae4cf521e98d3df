import type { NotAllowed } from './may.ts'
import type { Regression } from './regression.ts'

/** What an answer of the API says went wrong. Codes are stable; what travels beside them is for programs. */
export type ApiProblem =
  | NotAllowed
  | { readonly code: 'bad_token' }
  | { readonly code: 'token_in_address' }
  | { readonly code: 'bad_origin' }
  | { readonly code: 'bad_csrf' }
  | { readonly code: 'bad_request'; readonly issues: readonly { readonly field: string; readonly message: string }[] }
  | { readonly code: 'not_json' }
  | { readonly code: 'too_large'; readonly max: number }
  | { readonly code: 'no_such_route' }
  | { readonly code: 'wrong_method'; readonly allow: readonly string[] }
  | { readonly code: 'no_such_build' }
  | { readonly code: 'no_such_language' }
  | { readonly code: 'no_such_person' }
  | { readonly code: 'no_such_token' }
  | { readonly code: 'too_many_requests'; readonly retryAfterMs: number }
  | { readonly code: 'too_many_streams'; readonly max: number }
  | { readonly code: 'quota_spent'; readonly max: number }
  | { readonly code: 'key_reused' }
  | { readonly code: 'key_at_work'; readonly retryAfterMs: number }
  | { readonly code: 'bad_config'; readonly problems: readonly string[] }
  | { readonly code: 'unknown_input'; readonly input: string }
  | { readonly code: 'nothing_to_start_from'; readonly missing: string }
  | { readonly code: 'not_at_work' }
  | { readonly code: 'still_at_work' }
  | { readonly code: 'went_well' }
  | { readonly code: 'not_tested' }
  | { readonly code: 'regression'; readonly regressions: readonly Regression[] }
  | { readonly code: 'live_changed' }
  | { readonly code: 'nothing_before' }
  | { readonly code: 'too_many_tokens'; readonly max: number }
  | { readonly code: 'last_admin' }
  | { readonly code: 'no_database'; readonly retryAfterMs: number }
  | { readonly code: 'fault' }
export type ApiProblemCode = ApiProblem['code']

/** Every code has an HTTP status and words: a new one does not compile until it is here. */
export const API_PROBLEMS = {
  signed_out: { status: 401, words: 'Sign in, or show a token, to do that' },
  bad_token: { status: 401, words: 'The token is none of ours, was revoked, or has expired' },
  role_too_low: { status: 403, words: 'Your role does not allow that' },
  scope_missing: { status: 403, words: 'The token was not made for that' },
  no_tokens: { status: 403, words: 'Only somebody in a browser may do that, no token' },
  token_in_address: {
    status: 400,
    words: 'A token belongs in the Authorization header; addresses end up in logs. Revoke this one',
  },
  bad_origin: { status: 403, words: 'The request comes from a page that is not of this site' },
  bad_csrf: { status: 403, words: 'The form is too old; load the page again' },
  bad_request: { status: 400, words: 'The request is not of the agreed form' },
  not_json: { status: 415, words: 'The body has to be JSON, and to say so in Content-Type' },
  too_large: { status: 413, words: 'The request is too large' },
  no_such_route: { status: 404, words: 'There is nothing at that address' },
  wrong_method: { status: 405, words: 'There is nothing here for that method' },
  no_such_build: { status: 404, words: 'There is no such build' },
  no_such_language: { status: 404, words: 'There is no such language' },
  no_such_person: { status: 404, words: 'There is no such person' },
  no_such_token: { status: 404, words: 'There is no such token of yours, or it was revoked before' },
  too_many_requests: { status: 429, words: 'Too many requests just now' },
  too_many_streams: { status: 429, words: 'Too many logs are followed at once' },
  quota_spent: { status: 429, words: 'Too many builds of yours are at work; wait for one to end' },
  key_reused: { status: 422, words: 'The idempotency key was used for another request' },
  key_at_work: { status: 409, words: 'The first request with this idempotency key is still at work' },
  bad_config: { status: 422, words: 'The config is not one' },
  unknown_input: { status: 422, words: 'What to build with is not known' },
  nothing_to_start_from: { status: 409, words: 'Nothing was made yet that the build could start from' },
  not_at_work: { status: 409, words: 'The build is not at work' },
  still_at_work: { status: 409, words: 'The build is still at work' },
  went_well: { status: 409, words: 'The build went well; there is nothing to try again' },
  not_tested: { status: 409, words: 'Nothing of that name was tested' },
  regression: { status: 409, words: 'A check that passes now would be lost' },
  live_changed: { status: 409, words: 'Somebody else deployed in the same moment; look again' },
  nothing_before: { status: 409, words: 'There is nothing to go back to' },
  too_many_tokens: { status: 409, words: 'You have as many tokens as one may have; revoke one' },
  last_admin: { status: 409, words: 'There has to be an admin; make somebody else one first' },
  no_database: { status: 503, words: 'The database does not answer; try again in a moment' },
  fault: { status: 500, words: 'Something of ours went wrong; it is in the log' },
} as const satisfies Record<ApiProblemCode, { status: number; words: string }>
