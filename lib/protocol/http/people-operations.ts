import { z } from 'zod'

import { isPlainText, NAME_CHARS_MAX } from '#lib/domain/person.ts'
import type { Operation } from './operation.ts'
import { actor, personParam, role, scope, time, timeParam, tokenParam, wholeParam } from './shapes.ts'

const TOKEN_NAME_CHARS_MAX = NAME_CHARS_MAX
/** A token that nobody renews ends within a year. */
export const TOKEN_DAYS_MAX = 365
const AUDIT_MAX = 200

const person = z.object({ id: z.string().meta({ examples: ['p0123456789abcdef'] }), name: z.string(), role })
const token = z.object({
  id: z.string().meta({ examples: ['t0123456789abcdef'] }),
  name: z.string(),
  scopes: z.array(scope),
  createdAt: time,
  expiresAt: time,
  revokedAt: time.optional(),
  usedAt: time.optional().describe('Within a minute.'),
})
const words = z.string().trim().min(1).max(TOKEN_NAME_CHARS_MAX).refine(isPlainText, 'holds a character that is none to see')

export const PEOPLE_OPERATIONS = {
  whoAmI: {
    method: 'GET',
    path: '/me',
    summary: 'Who you are, and what a token may',
    action: 'read_self',
    status: 200,
    answer: person.extend({ scopes: z.array(scope).optional().describe('Of the token, when one was shown.') }),
    refusals: [],
  },
  listTokens: {
    method: 'GET',
    path: '/tokens',
    summary: 'Your tokens, the newest first; never their secrets',
    action: 'manage_tokens',
    status: 200,
    answer: z.object({ tokens: z.array(token) }),
    refusals: [],
  },
  makeToken: {
    method: 'POST',
    path: '/tokens',
    summary: 'Make a token. Its secret is shown this once',
    action: 'manage_tokens',
    body: z
      .strictObject({ name: words, scopes: z.array(scope).max(10), days: z.int().min(1).max(TOKEN_DAYS_MAX) })
      .meta({ examples: [{ name: 'continuous integration', scopes: ['build'], days: 90 }] }),
    status: 201,
    answer: z.object({ secret: z.string(), token }),
    refusals: ['too_many_tokens'],
  },
  revokeToken: {
    method: 'DELETE',
    path: '/tokens/{token}',
    summary: 'Revoke a token of yours, at once',
    action: 'manage_tokens',
    params: z.object({ token: tokenParam }),
    status: 204,
    refusals: ['no_such_token'],
  },
  listPeople: {
    method: 'GET',
    path: '/people',
    summary: 'Everybody who has signed in',
    action: 'read_people',
    status: 200,
    answer: z.object({ people: z.array(person.extend({ createdAt: time })) }),
    refusals: [],
  },
  changeRole: {
    method: 'POST',
    path: '/people/{person}/role',
    summary: 'Give somebody a role; they have to sign in again',
    action: 'change_role',
    params: z.object({ person: personParam }),
    body: z.strictObject({ role }).meta({ examples: [{ role: 'maintainer' }] }),
    status: 200,
    answer: person,
    refusals: ['no_such_person', 'last_admin'],
  },
  readAudit: {
    method: 'GET',
    path: '/audit',
    summary: 'Who did what, the newest first',
    action: 'read_audit',
    query: z.object({
      subject: z.string().max(100).optional(),
      before: timeParam.optional(),
      max: wholeParam(1, AUDIT_MAX).optional(),
    }),
    status: 200,
    answer: z.object({
      events: z.array(
        z.object({
          id: z.string(),
          at: time,
          actor,
          action: z.string(),
          subject: z.string(),
          facts: z.record(z.string(), z.unknown()),
        }),
      ),
    }),
    refusals: [],
  },
} as const satisfies Readonly<Record<string, Operation>>
