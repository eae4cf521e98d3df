import { expect, test } from 'vitest'

import { personId } from './ids.ts'
import { actorName, isActor, NAME_CHARS_MAX, type Person, personName } from './person.ts'

test.each([
  ['Ada  Lovelace ', 'Ada Lovelace'],
  ['\u202eevil\u202c', 'evil'],
  ['a\u0000b\nc\u001b[2J', 'abc[2J'],
  [' \u200b ', 'somebody'],
  ['x'.repeat(200), 'x'.repeat(NAME_CHARS_MAX)],
  ['<b>Ada</b>', '<b>Ada</b>'],
])('the name %j is shown as %j', (given, shown) => {
  expect(personName(given, 'somebody')).toBe(shown)
})

test('what somebody did is theirs whatever they are called', () => {
  const ada = { id: personId('p0123456789abcdef'), name: 'Ada', role: 'visitor' } as Person
  const eve = { id: personId('pfedcba9876543210'), name: actorName(ada), role: 'visitor' } as Person
  expect(isActor(actorName(ada), { ...ada, name: 'Countess' })).toBe(true)
  expect(isActor(actorName(eve), ada)).toBe(false)
  expect(isActor('cli:ada', ada)).toBe(false)
})
