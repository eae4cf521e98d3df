import { expect, test } from 'vitest'

import { oomScores } from './oom-scores.ts'

test.each([
  [0, { program: 500, task: 900 }],
  [-997, { program: 500, task: 900 }],
  [600, { program: 800, task: 900 }],
  [985, { program: 993, task: 997 }],
  [998, { program: 999, task: 1000 }],
  [1000, { program: 1000, task: 1000 }],
])('beside an agent of score %i programs go first, and tasks before them', (own, scores) => {
  expect(oomScores(own)).toEqual(scores)
})
