import { expect, test } from 'vitest'

import { loadRows } from '../rows.ts'
import { ASKED, ASKED_BY_TOOLS, EACH_ITS_OWN, NOT_ON_PODS, whyNot } from './rows-on-pods.ts'

test('every number that pods are told is that of a row, and is told once', async () => {
  const numbers = (await loadRows()).map(({ attack }) => attack.number)
  const told = [...EACH_ITS_OWN, ...ASKED, ...ASKED_BY_TOOLS, ...Object.keys(NOT_ON_PODS).map(Number)]

  expect(told.filter((number) => !numbers.includes(number))).toEqual([])
  expect(new Set(told).size).toBe(told.length)
})

test('what a row may not do in pods it may not do through a tool either', () => {
  expect(whyNot(151)).toBe(whyNot(51))
  expect(whyNot(166)).toBe(undefined)
})
