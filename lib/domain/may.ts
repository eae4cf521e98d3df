import { type Asker, type Role, ROLES, type Scope } from './person.ts'
import { err, ok, type Result } from './result.ts'

type Rule = {
  /** The least role that may; `anyone` need not even have signed in. */
  readonly least: Role | 'anyone'
  /** What a token must be for; `none` when any will do, `never` when no token may. */
  readonly scope: Scope | 'none' | 'never'
  /** To finish the sentence "You may not". */
  readonly words: string
}

/** All that can be asked for, and who may. */
export const ACTIONS = {
  read: { least: 'anyone', scope: 'none', words: 'read this' },
  read_self: { least: 'visitor', scope: 'none', words: 'see who you are' },
  request_build: { least: 'contributor', scope: 'build', words: 'ask for a build' },
  retry_build: { least: 'contributor', scope: 'build', words: 'ask for a build again' },
  cancel_own_build: { least: 'contributor', scope: 'build', words: 'cancel a build of yours' },
  cancel_build: { least: 'maintainer', scope: 'build', words: "cancel somebody else's build" },
  prioritise_build: { least: 'maintainer', scope: 'build', words: 'change whose turn it is' },
  promote: { least: 'maintainer', scope: 'deploy', words: 'make something live' },
  force_regression: { least: 'admin', scope: 'deploy', words: 'let a regression through' },
  roll_back: { least: 'maintainer', scope: 'deploy', words: 'go back to what was live' },
  manage_tokens: { least: 'visitor', scope: 'never', words: 'see or change tokens' },
  read_audit: { least: 'maintainer', scope: 'admin', words: 'read the audit trail' },
  read_people: { least: 'admin', scope: 'admin', words: 'see who has signed in' },
  change_role: { least: 'admin', scope: 'never', words: "change somebody's role" },
} as const satisfies Readonly<Record<string, Rule>>
export type Action = keyof typeof ACTIONS

export type NotAllowed =
  | { readonly code: 'signed_out'; readonly action: Action }
  | { readonly code: 'role_too_low'; readonly action: Action; readonly needs: Role }
  | { readonly code: 'scope_missing'; readonly action: Action; readonly needs: Scope }
  /** Only somebody in a browser may. */
  | { readonly code: 'no_tokens'; readonly action: Action }

/** Whether somebody may do something. Every handler asks it itself, right where it acts. */
export function may(asker: Asker, action: Action): Result<void, NotAllowed> {
  const { least, scope }: Rule = ACTIONS[action]
  if (least === 'anyone') return ok(undefined)
  if (asker.kind === 'stranger') return err({ code: 'signed_out', action })
  if (ROLES.indexOf(asker.person.role) < ROLES.indexOf(least)) return err({ code: 'role_too_low', action, needs: least })
  if (asker.kind === 'browser' || scope === 'none') return ok(undefined)
  if (scope === 'never') return err({ code: 'no_tokens', action })
  return asker.scopes.includes(scope) ? ok(undefined) : err({ code: 'scope_missing', action, needs: scope })
}
