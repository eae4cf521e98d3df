import { expect, test } from 'vitest'

import { bunPackageName } from './build-agent.ts'

const cpu = (flags: string) => `processor\t: 0\nmodel name\t: One with avx2 in its name\nflags\t\t: fpu ${flags} sse2\n`

test.each([
  ['x64', cpu('avx avx2'), 'bun-linux-x64'],
  ['x64', cpu('avx'), 'bun-linux-x64-baseline'],
  ['x64', cpu('avx2x'), 'bun-linux-x64-baseline'],
  ['arm64', 'Features\t: fp asimd\n', 'bun-linux-aarch64'],
])('on %s the agent is made of the Bun that runs there', (arch, cpuinfo, name) => {
  expect(bunPackageName(arch, cpuinfo)).toBe(name)
})

test('on a processor without a Bun it says so', () => {
  expect(() => bunPackageName('riscv64', '')).toThrow('there is no Bun for riscv64')
})
