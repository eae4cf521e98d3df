import { expect, test } from 'vitest'

import { langLimits, limitsFrom } from './lang-limits.ts'
import { LIMITS_MAX } from './limits.ts'

const MIB = 1024 * 1024
const takes = (limits: object) => langLimits.safeParse(limits).success

test('a language may have up to four processors and 8 GiB', () => {
  expect(limitsFrom({ cpus: 4, memoryMiB: 8192 })).toEqual(LIMITS_MAX)
})

test.each([
  ['cpus', 0.09, 0.1, 4, 4.01],
  ['memoryMiB', 31, 32, 8192, 8193],
  ['lspMemoryMiB', 31, 32, 8192, 8193],
  ['processes', 15, 16, 4096, 4097],
  ['homeMiB', 0, 1, 8192, 8193],
  ['homeInodes', 99, 100, 1_000_000, 1_000_001],
  ['tmpMiB', 0, 1, 4096, 4097],
  ['openFiles', 63, 64, 65_536, 65_537],
  ['idleMinutes', 0.09, 0.1, 120, 120.1],
  ['lifeMinutes', 0.09, 0.1, 480, 480.1],
  ['outputMiB', 0.009, 0.01, 65_536, 65_537],
])('%s may not be %d, may be %d to %d, and may not be %d', (name, less, least, most, more) => {
  expect([less, least, most, more].map((value) => takes({ [name]: value }))).toEqual([false, true, true, false])
})

test('what a file says in MiB and minutes is bytes and milliseconds, and what it does not say stays unsaid', () => {
  expect(limitsFrom({ homeMiB: 48, tmpMiB: 20, lifeMinutes: 0.5, openFiles: 64 })).toEqual({
    ...{ homeBytes: 48 * MIB, tmpBytes: 20 * MIB, lifeMs: 30_000, openFiles: 64 },
  })
})
