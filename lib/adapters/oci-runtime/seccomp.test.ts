import { expect, test } from 'vitest'

import { allBut, REFUSED_IOCTLS, seccompFilter } from './seccomp.ts'
import { ALLOWED_SYSCALLS, REFUSED_SYSCALLS } from './syscalls.ts'

const holds = (rules: { mask: number; value: number }[], n: number) => rules.some(({ mask, value }) => (n & mask) >>> 0 === value)

test('all but the refused requests of a terminal pass', () => {
  const rules = allBut(REFUSED_IOCTLS)
  const near = REFUSED_IOCTLS.flatMap((n) => Array.from({ length: 32 }, (_, bit) => (n ^ (1 << bit)) >>> 0))

  for (const n of REFUSED_IOCTLS) expect(holds(rules, n), n.toString(16)).toBe(false)
  for (const n of [0, 0x5401, 0x5413, 0xffffffff, ...near]) expect(holds(rules, n), n.toString(16)).toBe(true)
})

test('with nothing refused, one rule passes everything', () => {
  expect(allBut([])).toEqual([{ mask: 0, value: 0 }])
})

test('no call is both allowed and refused, or named twice', () => {
  const names = [...ALLOWED_SYSCALLS, ...REFUSED_SYSCALLS]

  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
})

test('calls whose arguments are looked at are not allowed as a whole', () => {
  for (const name of ['clone', 'clone3', 'socket', 'socketpair', 'personality', 'ioctl']) {
    expect(ALLOWED_SYSCALLS, name).not.toContain(name)
  }
})

test('only the native architecture has a door', () => {
  expect(seccompFilter('x64').architectures).toEqual(['SCMP_ARCH_X86_64'])
  expect(seccompFilter('arm64').architectures).toEqual(['SCMP_ARCH_AARCH64'])
  expect(() => seccompFilter('ia32')).toThrow('"ia32" is not known')
})
