import { expect, test } from 'vitest'

import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import { bundleConfig, type BundleInputs } from './bundle.ts'
import { gvisorBundle } from './gvisor-bundle.ts'

const inputs: BundleInputs = {
  rootPath: '/mnt',
  cgroupsPath: 'dragoman-ab/sb1',
  ids: { agent: 2_000_000_000, visitor: 2_000_000_001 },
  keySha256: 'a'.repeat(64),
  limits: DEFAULT_LIMITS,
  openFilesMax: 20_000,
  oomScoreAdj: 0,
  oneId: false,
  countsSwap: true,
  arch: 'x64',
}
const bundle = gvisorBundle(inputs)
const rulesFor = (name: string) =>
  bundle.linux.seccomp.syscalls.filter(({ names }) => names.includes(name)).map(({ action }) => action)

test('gVisor keeps ids and groups itself: the bundle maps none and names none', () => {
  expect(bundle.linux.namespaces.map(({ type }) => type)).toEqual(['pid', 'mount', 'ipc', 'uts', 'network'])
  expect(bundle.linux).not.toHaveProperty('uidMappings')
  expect(bundle.linux).not.toHaveProperty('gidMappings')
  expect(bundle.linux).not.toHaveProperty('cgroupsPath')
})

test('it begins by limiting processes and dropping what that took', () => {
  const [command, , script, most, agent] = bundle.process.args

  expect([command, most, agent]).toEqual(['/usr/bin/perl', String(DEFAULT_LIMITS.processes), '/dragoman-agent'])
  expect(script).toContain('syscall(157, 24, $_, 0, 0, 0) == 0 or die "Cannot drop rights: $!\n" for 1, 8, 21;')
  expect(bundle.process.capabilities.effective).toEqual([
    ...bundleConfig(inputs).process.capabilities.effective,
    ...['CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_SETPCAP', 'CAP_SYS_ADMIN'],
  ])
  expect(bundle.process.env).toContain('DRAGOMAN_HANDED=1')
})

test('every place to write has the size it has elsewhere', () => {
  const sizesOf = ({ mounts }: typeof bundle) =>
    mounts.flatMap(({ destination, options }) => options.filter((o) => o.startsWith('size=')).map((o) => destination + o))

  expect(sizesOf(bundle)).toEqual([...sizesOf(bundleConfig(inputs)), '/syssize=4096'])
  expect(bundle.mounts.find(({ destination }) => destination === '/dev')?.options).not.toContain('ro')
})

test('the filter is the same but for five names', () => {
  expect(rulesFor('mount')).toEqual(['SCMP_ACT_ALLOW'])
  expect(rulesFor('pselect')).toEqual(['SCMP_ACT_ALLOW'])
  expect(rulesFor('clone3')).toEqual(['SCMP_ACT_TRACE'])
  for (const call of ['mknod', 'mknodat']) expect(rulesFor(call)).toEqual(Array.from({ length: 4 }, () => 'SCMP_ACT_ALLOW'))
  for (const refused of ['umount2', 'unshare', 'setns', 'bpf', 'keyctl']) expect(rulesFor(refused)).toEqual(['SCMP_ACT_ERRNO'])
})

test('an architecture whose calls are not known is refused', () => {
  expect(() => gvisorBundle({ ...inputs, arch: 'riscv64' })).toThrow('riscv64')
})
