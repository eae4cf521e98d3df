import { expect, test } from 'vitest'

import { answersAgree, compareWithGolden } from './golden.ts'

function compare(lines: readonly string[]): string[] {
  const failed: string[] = []
  compareWithGolden(
    'burn',
    lines,
    { house: 'machine', expect: (isSo, otherwise) => void (isSo || failed.push(otherwise)) },
    'its output',
  )
  return failed
}

const SAME = [
  'SCHED_FIFO: EPERM',
  'SCHED_RR: EPERM',
  'SCHED_DEADLINE: EPERM',
  'SCHED_BATCH: done',
  'nice -20: EACCES',
  'nice 19: done',
  'ioprio real-time: EPERM',
]

test('the golden table itself passes', () => {
  expect(compare(SAME)).toEqual([])
})

test('a call that is let through, one that was not tried and one that is new are told', () => {
  expect(compare(SAME.with(0, 'SCHED_FIFO: done'))).toEqual(['expected "SCHED_FIFO: EPERM" and found "SCHED_FIFO: done"'])
  expect(compare(SAME.slice(1))).toEqual(['expected "SCHED_FIFO: EPERM" and found "undefined"'])
  expect(compare([...SAME, 'SCHED_EXT: done'])).toEqual(['"SCHED_EXT: done" is not in the golden table'])
  expect(compare([])).toHaveLength(SAME.length)
})

test('a line may allow more than one answer', () => {
  expect(answersAgree('bpf: EPERM or ENOSYS', 'bpf: ENOSYS')).toBe(true)
  expect(answersAgree('bpf: EPERM or ENOSYS', 'bpf: done')).toBe(false)
})
