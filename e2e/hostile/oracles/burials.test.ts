import { expect, test } from 'vitest'

import { burials } from './burials.ts'

const dead = (pid: number) => ({ pid, uid: 1, state: 'Z', command: '' })

test('the dead who are buried in time are forgotten', async () => {
  let zombies = [dead(1), dead(2)]
  const watch = burials({ first: 1, count: 1 }, () => zombies, 2000)
  watch.expect('row 3')
  zombies = [dead(7)] // somebody else, later

  expect(await watch.failed()).toEqual([])
})

test('the dead who stay are told', async () => {
  const watch = burials({ first: 1, count: 1 }, () => [dead(1), dead(2)], 50)
  watch.expect('row 3')

  expect(await watch.failed()).toEqual(['row 3 left zombies: 1 2'])
})
