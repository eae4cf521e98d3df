import { expect, test } from 'vitest'

import { personId } from './ids.ts'
import { ACTIONS, type Action, may } from './may.ts'
import { type Asker, type Role, ROLES, type Scope, SCOPES } from './person.ts'

const id = personId('p0123456789abcdef')
if (!id) throw new Error('that is no id')
const person = (role: Role) => ({ id, name: 'Ada', role })
const browser = (role: Role): Asker => ({ kind: 'browser', person: person(role) })
const token = (role: Role, scopes: readonly Scope[]): Asker => ({ kind: 'token', person: person(role), scopes })
const allowed = (asker: Asker) => actions.filter((action) => may(asker, action).ok)
const actions = Object.keys(ACTIONS) as Action[]

const READERS = ['read', 'read_self', 'manage_tokens']
const BUILDERS = ['request_build', 'retry_build', 'cancel_own_build']
const KEEPERS = ['cancel_build', 'prioritise_build', 'promote', 'roll_back', 'read_audit']
const ADMINS = ['force_regression', 'read_people', 'change_role']

test.each<[string, Asker, readonly string[]]>([
  ['a stranger', { kind: 'stranger' }, ['read']],
  ['a visitor', browser('visitor'), READERS],
  ['a contributor', browser('contributor'), [...READERS, ...BUILDERS]],
  ['a maintainer', browser('maintainer'), [...READERS, ...BUILDERS, ...KEEPERS]],
  ['an admin', browser('admin'), [...READERS, ...BUILDERS, ...KEEPERS, ...ADMINS]],
])('%s may do this and nothing else', (_, asker, those) => {
  expect(allowed(asker).toSorted()).toEqual(those.toSorted())
})

test.each<[readonly Scope[], readonly string[]]>([
  [[], ['read', 'read_self']],
  [['build'], ['read', 'read_self', ...BUILDERS, 'cancel_build', 'prioritise_build']],
  [['deploy'], ['read', 'read_self', 'promote', 'roll_back', 'force_regression']],
  [['admin'], ['read', 'read_self', 'read_audit', 'read_people']],
])("an admin's token for %j may do this and nothing else", (scopes, those) => {
  expect(allowed(token('admin', scopes)).toSorted()).toEqual(those.toSorted())
})

test('no token may do more than the person whose it is', () => {
  for (const role of ROLES) {
    expect(allowed(browser(role))).toEqual(expect.arrayContaining(allowed(token(role, SCOPES))))
  }
})

test('a refusal says what is missing', () => {
  const code = (asker: Asker, action: Action) => {
    const asked = may(asker, action)
    return asked.ok ? undefined : asked.error
  }
  expect(code({ kind: 'stranger' }, 'promote')).toEqual({ code: 'signed_out', action: 'promote' })
  expect(code(browser('visitor'), 'promote')).toEqual({ code: 'role_too_low', action: 'promote', needs: 'maintainer' })
  expect(code(token('admin', ['build']), 'promote')).toEqual({ code: 'scope_missing', action: 'promote', needs: 'deploy' })
  expect(code(token('admin', SCOPES), 'change_role')).toEqual({ code: 'no_tokens', action: 'change_role' })
})
