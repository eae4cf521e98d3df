import { z } from 'zod'

import type { Operation } from './operation.ts'
import {
  actor,
  buildName,
  buildParam,
  check,
  combination,
  digestText,
  lang,
  langParam,
  outcome,
  time,
  wholeParam,
} from './shapes.ts'

const HISTORY_MAX = 200

export const languageShape = z.object({
  id: lang,
  name: z.string().optional().describe('Absent while this server cannot run it.'),
  live: combination.extend({ number: z.int(), combination: digestText, by: actor, at: time }).optional(),
  tested: digestText.optional().describe('The combination that the newest good build tested.'),
  build: z.object({ id: buildName, outcome: outcome.optional(), at: time }).optional().describe('The newest.'),
})
const deployment = combination.extend({
  number: z.int(),
  combination: digestText,
  kind: z.enum(['promote', 'rollback']),
  restores: z.int().optional(),
  by: actor,
  forced: z.array(check),
  at: time,
})
const deployed = z.object({
  number: z.int(),
  combination: digestText,
  changed: z.boolean().describe('False when it was live already.'),
  forced: z.array(check),
})
const one = z.object({ lang: langParam })

export const LANGUAGE_OPERATIONS = {
  listLanguages: {
    method: 'GET',
    path: '/languages',
    summary: 'Every language: what is live, what was tested, what was built last',
    action: 'read',
    status: 200,
    answer: z.object({ languages: z.array(languageShape) }),
    refusals: [],
  },
  getLanguage: {
    method: 'GET',
    path: '/languages/{lang}',
    summary: 'One language',
    action: 'read',
    params: one,
    status: 200,
    answer: languageShape,
    refusals: ['no_such_language'],
  },
  listDeployments: {
    method: 'GET',
    path: '/languages/{lang}/deployments',
    summary: 'What it served, the newest first',
    action: 'read',
    params: one,
    query: z.object({ max: wholeParam(1, HISTORY_MAX).optional() }),
    status: 200,
    answer: z.object({ deployments: z.array(deployment) }),
    refusals: [],
  },
  promote: {
    method: 'POST',
    path: '/languages/{lang}/deployments',
    summary: 'Make live what was tested; refused when a check would be lost that is not forced by name',
    action: 'promote',
    params: one,
    body: z
      .strictObject({
        build: buildParam.optional().describe('What this build tested; without it what the newest good one did.'),
        force: z.array(check).max(20).optional().describe('Regressions to let through; for admins.'),
      })
      .meta({ examples: [{}, { build: 'b0123456789abcdef', force: ['lsp'] }] }),
    status: 201,
    answer: deployed,
    repeats: true,
    refusals: ['not_tested', 'regression', 'live_changed'],
  },
  rollBack: {
    method: 'POST',
    path: '/languages/{lang}/rollback',
    summary: 'Make live again what was before, or what a deployment of that number served',
    action: 'roll_back',
    params: one,
    body: z.strictObject({ to: z.int().min(1).max(1_000_000).optional() }).meta({ examples: [{}, { to: 3 }] }),
    status: 201,
    answer: deployed,
    repeats: true,
    refusals: ['nothing_before', 'live_changed'],
  },
  listAgents: {
    method: 'GET',
    path: '/agents',
    summary: 'Releases of the agent, the newest first, and who runs under them',
    action: 'read',
    status: 200,
    answer: z.object({
      agents: z.array(
        z.object({
          version: z.string(),
          digest: digestText,
          size: z.int(),
          madeAt: time,
          protocol: z.number().optional(),
          languages: z.array(lang),
        }),
      ),
    }),
    refusals: [],
  },
  listBases: {
    method: 'GET',
    path: '/bases',
    summary: 'Bases that images grow from, the newest first',
    action: 'read',
    status: 200,
    answer: z.object({
      bases: z.array(
        z.object({
          digest: digestText,
          size: z.int(),
          madeAt: time,
          distribution: z.string().optional(),
          release: z.string().optional(),
        }),
      ),
    }),
    refusals: [],
  },
} as const satisfies Readonly<Record<string, Operation>>
