import { expect, test } from 'vitest'

import { findCgroups } from './cgroups.ts'

const mount = (at: string, type: string, options: string, root = '/') =>
  `30 24 0:26 ${root} ${at} rw,relatime - ${type} ${type} ${options}`

test('hybrid: controllers on version 1, each with its own place', () => {
  const mounts = [
    mount('/sys/fs/cgroup/cpu,cpuacct', 'cgroup', 'rw,cpu,cpuacct'),
    mount('/sys/fs/cgroup/memory', 'cgroup', 'rw,memory'),
    mount('/sys/fs/cgroup/systemd', 'cgroup', 'rw,xattr,name=systemd'),
    mount('/sys/fs/cgroup/unified', 'cgroup2', 'rw'),
  ]
  const found = findCgroups(mounts.join('\n'), '3:memory:/a/b\n2:cpu,cpuacct:/\n1:name=systemd:/s\n0::/u\n')

  expect(found).toEqual({
    version: 1,
    own: new Map([
      ['cpu', '/sys/fs/cgroup/cpu,cpuacct'],
      ['cpuacct', '/sys/fs/cgroup/cpu,cpuacct'],
      ['memory', '/sys/fs/cgroup/memory/a/b'],
      ['name=systemd', '/sys/fs/cgroup/systemd/s'],
      ['unified', '/sys/fs/cgroup/unified/u'],
    ]),
  })
})

test('version 2: one folder', () => {
  const found = findCgroups(mount('/sys/fs/cgroup', 'cgroup2', 'rw,nsdelegate'), '0::/system.slice/dragoman.service\n')

  expect(found).toEqual({ version: 2, mount: '/sys/fs/cgroup', own: '/sys/fs/cgroup/system.slice/dragoman.service' })
})

test('a hierarchy of which only a part is mounted', () => {
  const found = findCgroups(mount('/sys/fs/cgroup', 'cgroup2', 'rw', '/outer/box'), '0::/outer/box/inner\n')

  expect(found).toMatchObject({ version: 2, own: '/sys/fs/cgroup/inner' })
})
