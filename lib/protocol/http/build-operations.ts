import { z } from 'zod'

import type { Operation } from './operation.ts'
import {
  actor,
  buildName,
  buildParam,
  cursorParam,
  digestText,
  lang,
  langParam,
  outcome,
  step,
  time,
  wholeParam,
} from './shapes.ts'

/** A config as text, in characters; the longest that come along have a fifth of it. */
const CONFIG_CHARS_MAX = 100_000
const LISTED_MAX = 200

const stepState = z.object({
  step,
  state: z.enum(['blocked', 'ready', 'running', 'done']),
  attempts: z.int(),
  outcome: outcome.optional(),
  artifact: digestText.optional(),
  skipped: z.boolean().describe('Nothing had to be done: the artifact was there.'),
})
export const buildShape = z.object({
  id: buildName,
  lang,
  from: step,
  inputs: z.object({
    config: digestText,
    base: digestText,
    agent: z.string(),
    package: digestText.optional(),
    image: digestText.optional(),
    refresh: z.string().optional(),
  }),
  by: actor,
  requestedAt: time,
  endedAt: time.optional(),
  outcome: outcome.optional().describe('Absent while it is at work.'),
  reason: z.string().optional(),
  steps: z.array(stepState),
})
const requested = z.object({
  build: buildName,
  how: z
    .enum(['new', 'attached', 'done'])
    .describe('`attached` to one at work with the same inputs; `done`: one went well before.'),
})
const one = z.object({ build: buildParam })

export const BUILD_OPERATIONS = {
  listBuilds: {
    method: 'GET',
    path: '/builds',
    summary: 'The newest builds',
    action: 'read',
    query: z.object({
      lang: langParam.optional(),
      live: z.enum(['true', 'false']).optional().describe('Those at work alone.'),
      max: wholeParam(1, LISTED_MAX).optional(),
    }),
    status: 200,
    answer: z.object({ builds: z.array(buildShape) }),
    refusals: [],
  },
  requestBuild: {
    method: 'POST',
    path: '/builds',
    summary: 'Ask for a build. The same inputs are the same build.',
    action: 'request_build',
    body: z
      .strictObject({
        lang: langParam,
        from: step.optional().describe('The first step; `package` without it.'),
        config: z.string().max(CONFIG_CHARS_MAX).optional().describe('YAML; what this server has for the language without it.'),
        agent: z.string().max(40).optional().describe('A release; the newest without it.'),
        refresh: z.boolean().optional().describe('Anew, though nothing has changed.'),
      })
      .meta({ examples: [{ lang: 'python' }, { lang: 'python', from: 'test', refresh: true }] }),
    status: 201,
    answer: requested,
    repeats: true,
    refusals: ['no_such_language', 'bad_config', 'unknown_input', 'nothing_to_start_from', 'quota_spent'],
  },
  getBuild: {
    method: 'GET',
    path: '/builds/{build}',
    summary: 'One build',
    action: 'read',
    params: one,
    status: 200,
    answer: buildShape,
    refusals: ['no_such_build'],
  },
  readLog: {
    method: 'GET',
    path: '/builds/{build}/log',
    summary: 'Its log so far as text; with `Accept: text/event-stream` all of it as it comes, closed by an `end` event',
    action: 'read',
    params: one,
    query: z.object({ from: cursorParam.optional().describe('The id of an event: what follows it.') }),
    status: 200,
    streams: true,
    refusals: ['no_such_build', 'too_many_streams'],
  },
  cancelBuild: {
    method: 'POST',
    path: '/builds/{build}/cancel',
    summary: "End a build that is at work; somebody else's as a maintainer",
    action: 'cancel_own_build',
    params: one,
    status: 200,
    answer: z.object({ build: buildName }),
    refusals: ['no_such_build', 'not_at_work'],
  },
  retryBuild: {
    method: 'POST',
    path: '/builds/{build}/retry',
    summary: 'Ask once more for one that did not go well',
    action: 'retry_build',
    params: one,
    status: 201,
    answer: requested,
    repeats: true,
    refusals: ['no_such_build', 'still_at_work', 'went_well', 'unknown_input', 'quota_spent'],
  },
  prioritiseBuild: {
    method: 'POST',
    path: '/builds/{build}/priority',
    summary: 'Say how urgent it is; higher goes first',
    action: 'prioritise_build',
    params: one,
    body: z.strictObject({ priority: z.int().min(0).max(100) }).meta({ examples: [{ priority: 30 }] }),
    status: 200,
    answer: z.object({ build: buildName, priority: z.int() }),
    refusals: ['no_such_build', 'not_at_work'],
  },
} as const satisfies Readonly<Record<string, Operation>>
