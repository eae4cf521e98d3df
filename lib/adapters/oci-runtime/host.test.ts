import { expect, test } from 'vitest'

import { problemsOf, type HostFacts } from './host.ts'

const good: HostFacts = {
  platform: 'linux',
  arch: 'x64',
  uid: 0,
  capabilities: 2n ** 41n - 1n,
  userNamespacesMax: 15_000,
  cgroups: { version: 2, own: '/sys/fs/cgroup', mount: '/sys/fs/cgroup' },
  missingControllers: [],
  missingCommands: [],
  unmergedFolders: [],
  rootless: { user: 'ada', hasNewuidmap: true, ids: 65_536, lockedGroups: ['/group'], cgroupVersion: 1 },
}
const hybrid = { version: 1, own: new Map([['unified', '/sys/fs/cgroup/unified']]) } as const

test('a good host has no problems', () => {
  expect(problemsOf('runc', good)).toEqual([])
  expect(problemsOf('crun', good)).toEqual([])
  expect(problemsOf('runsc', good)).toEqual([])
  expect(problemsOf('runsc', { ...good, cgroups: hybrid })).toEqual([])
  expect(problemsOf('runc', { ...good, cgroups: hybrid })).toEqual([])
})

test.each<[string, 'runc' | 'crun' | 'runsc', Partial<HostFacts>, string]>([
  [
    'missing commands',
    'runc',
    { missingCommands: ['nsenter', 'unshare', 'runc'] },
    'sudo apt-get install --no-install-recommends util-linux runc',
  ],
  ['another user', 'runc', { uid: 1000, capabilities: 0n }, 'Start as root, e.g. sudo npm start'],
  [
    'a weak root',
    'runc',
    { capabilities: ~(1n << 21n) & (2n ** 41n - 1n) },
    'Start on the machine itself, or in a privileged container',
  ],
  ['no user namespaces', 'runc', { userNamespacesMax: 0 }, 'sudo sysctl -w user.max_user_namespaces=15000'],
  [
    'nothing delegated',
    'runc',
    { missingControllers: ['memory'] },
    'Start from a service with Delegate=yes, e.g. systemd-run --property=Delegate=yes --pty npm start',
  ],
  ['an old layout', 'runc', { unmergedFolders: ['/lib'] }, 'sudo apt-get install usrmerge'],
  ['crun and hybrid cgroups', 'crun', { cgroups: hybrid }, 'Use runc, or boot with systemd.unified_cgroup_hierarchy=1'],
  ['no runsc', 'runsc', { missingCommands: ['runsc'] }, 'sudo apt-get install --no-install-recommends runsc'],
])('%s: one problem with its fix', (_, runtime, facts, fix) => {
  expect(problemsOf(runtime, { ...good, ...facts }).map((problem) => problem.fix)).toEqual([fix])
})
