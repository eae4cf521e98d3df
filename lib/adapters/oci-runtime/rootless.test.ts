import { expect, test } from 'vitest'

import { rangeIn, rootlessProblems, type RootlessFacts } from './rootless.ts'

const able: RootlessFacts = { user: 'ada', hasNewuidmap: true, ids: 65_536, lockedGroups: [], cgroupVersion: 2 }

test.each<[string, Partial<RootlessFacts>, string[]]>([
  ['an able user', {}, []],
  ['a user with ids just enough', { ids: 65_535 }, []],
  [
    'a user with an id too few',
    { ids: 65_534 },
    ['sudo usermod --add-subuids 300000-365535 --add-subgids 300000-365535 ada, or start as root'],
  ],
  ['a machine without newuidmap', { hasNewuidmap: false }, ['sudo apt-get install --no-install-recommends uidmap']],
  ['version 1, not delegated', { cgroupVersion: 1, lockedGroups: ['/a'] }, ['Start as root, e.g. sudo npm start']],
  [
    'version 2, not delegated',
    { lockedGroups: ['/a'] },
    ['Start with systemd-run --user --scope -p Delegate=yes npm start, or as root'],
  ],
])('%s is told just that', (_, facts, fixes) => {
  expect(rootlessProblems({ ...able, ...facts }).map(({ fix }) => fix)).toEqual(fixes)
})

test('a range is found by name or by number, the largest counts', () => {
  const text = 'bob:1:9\nada:100000:1000\n1000:300000:65536\nada:bad:bad\n'

  expect([rangeIn(text, 'ada', 1000), rangeIn(text, 'ada', 7), rangeIn(text, 'eve', 8), rangeIn('', 'ada', 1000)]).toEqual([
    65_536, 1000, 0, 0,
  ])
})
