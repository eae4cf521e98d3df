import { expect, test } from 'vitest'

import { judgeNewcomer, READY_MS_MAX } from './newcomer.ts'

test('newcomers who find a prompt in time say nothing', () => {
  expect(judgeNewcomer([80, READY_MS_MAX], 80)).toEqual({ slow: [], failed: [] })
  expect(judgeNewcomer([2000], 1000)).toEqual({ slow: [], failed: [] })
})

test('the slowest newcomer is told', () => {
  expect(judgeNewcomer([80, READY_MS_MAX + 1], 80).slow).toEqual(['a newcomer waited 1501 ms for a prompt, 1500 are allowed'])
  expect(judgeNewcomer([2001], 1000).slow).toHaveLength(1)
})

test('a newcomer who found no prompt, or who never came, is no matter of time', () => {
  expect(judgeNewcomer([80, Infinity], 80)).toEqual({ slow: [], failed: ['a newcomer found no prompt'] })
  expect(judgeNewcomer([], 80)).toEqual({ slow: [], failed: ['no newcomer came'] })
})
