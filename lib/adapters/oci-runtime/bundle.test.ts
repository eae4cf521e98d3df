import { expect, test } from 'vitest'

import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import { bundleConfig, type BundleInputs } from './bundle.ts'

const inputs: BundleInputs = {
  rootPath: '/mnt',
  cgroupsPath: 'dragoman-a/sb1',
  ids: { agent: 700_006, visitor: 700_007 },
  keySha256: 'ab'.repeat(32),
  limits: DEFAULT_LIMITS,
  openFilesMax: 20_000,
  oomScoreAdj: 0,
  oneId: false,
  countsSwap: true,
  arch: 'x64',
}

test('a sandbox is the value of its inputs', () => {
  const { linux, ...spec } = bundleConfig(inputs)
  const { seccomp, ...rest } = linux

  expect(seccomp.defaultAction).toBe('SCMP_ACT_ERRNO')
  expect({ ...spec, linux: rest }).toMatchInlineSnapshot(`
    {
      "hostname": "dragoman",
      "linux": {
        "cgroupsPath": "dragoman-a/sb1",
        "gidMappings": [
          {
            "containerID": 0,
            "hostID": 700006,
            "size": 1,
          },
          {
            "containerID": 1000,
            "hostID": 700007,
            "size": 1,
          },
        ],
        "maskedPaths": [
          "/proc/acpi",
          "/proc/asound",
          "/proc/cmdline",
          "/proc/config.gz",
          "/proc/interrupts",
          "/proc/kallsyms",
          "/proc/kcore",
          "/proc/keys",
          "/proc/kmsg",
          "/proc/latency_stats",
          "/proc/modules",
          "/proc/pressure",
          "/proc/sched_debug",
          "/proc/scsi",
          "/proc/timer_list",
          "/proc/timer_stats",
        ],
        "namespaces": [
          {
            "type": "pid",
          },
          {
            "type": "mount",
          },
          {
            "type": "ipc",
          },
          {
            "type": "uts",
          },
          {
            "type": "network",
          },
          {
            "type": "cgroup",
          },
          {
            "type": "user",
          },
        ],
        "readonlyPaths": [
          "/proc/bus",
          "/proc/fs",
          "/proc/irq",
          "/proc/sys",
          "/proc/sysrq-trigger",
        ],
        "resources": {
          "cpu": {
            "period": 100000,
            "quota": 100000,
          },
          "devices": [
            {
              "access": "rwm",
              "allow": false,
            },
          ],
          "memory": {
            "limit": 536870912,
            "swap": 536870912,
          },
          "pids": {
            "limit": 256,
          },
        },
        "uidMappings": [
          {
            "containerID": 0,
            "hostID": 700006,
            "size": 1,
          },
          {
            "containerID": 1000,
            "hostID": 700007,
            "size": 1,
          },
        ],
      },
      "mounts": [
        {
          "destination": "/proc",
          "options": [
            "nosuid",
            "noexec",
            "nodev",
          ],
          "source": "proc",
          "type": "proc",
        },
        {
          "destination": "/dev",
          "options": [
            "nosuid",
            "noexec",
            "strictatime",
            "mode=755",
            "size=65536",
            "ro",
          ],
          "source": "tmpfs",
          "type": "tmpfs",
        },
        {
          "destination": "/dev/pts",
          "options": [
            "nosuid",
            "noexec",
            "newinstance",
            "ptmxmode=0666",
            "mode=0620",
            "uid=1000",
          ],
          "source": "devpts",
          "type": "devpts",
        },
        {
          "destination": "/dev/shm",
          "options": [
            "nosuid",
            "nodev",
            "mode=1777",
            "size=67108864",
            "nr_inodes=20000",
          ],
          "source": "tmpfs",
          "type": "tmpfs",
        },
        {
          "destination": "/tmp",
          "options": [
            "nosuid",
            "nodev",
            "mode=1777",
            "size=67108864",
            "nr_inodes=20000",
          ],
          "source": "tmpfs",
          "type": "tmpfs",
        },
        {
          "destination": "/home/visitor",
          "options": [
            "nosuid",
            "nodev",
            "mode=0700",
            "uid=1000",
            "gid=1000",
            "size=268435456",
            "nr_inodes=20000",
          ],
          "source": "tmpfs",
          "type": "tmpfs",
        },
        {
          "destination": "/run/dragoman",
          "options": [
            "nosuid",
            "nodev",
            "noexec",
            "mode=0755",
            "size=16777216",
            "nr_inodes=4096",
          ],
          "source": "tmpfs",
          "type": "tmpfs",
        },
      ],
      "ociVersion": "1.0.2",
      "process": {
        "args": [
          "/dragoman-agent",
        ],
        "capabilities": {
          "ambient": [],
          "bounding": [
            "CAP_KILL",
            "CAP_SETGID",
            "CAP_SETUID",
          ],
          "effective": [
            "CAP_KILL",
            "CAP_SETGID",
            "CAP_SETUID",
          ],
          "inheritable": [],
          "permitted": [
            "CAP_KILL",
            "CAP_SETGID",
            "CAP_SETUID",
          ],
        },
        "cwd": "/",
        "env": [
          "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "DRAGOMAN_KEY_SHA256=abababababababababababababababababababababababababababababababab",
          "BUN_JSC_useConcurrentJIT=0",
          "BUN_JSC_useConcurrentGC=0",
          "BUN_JSC_numberOfGCMarkers=1",
        ],
        "noNewPrivileges": true,
        "oomScoreAdj": 0,
        "rlimits": [
          {
            "hard": 1024,
            "soft": 1024,
            "type": "RLIMIT_NOFILE",
          },
          {
            "hard": 0,
            "soft": 0,
            "type": "RLIMIT_CORE",
          },
        ],
        "terminal": false,
        "user": {
          "gid": 0,
          "uid": 0,
        },
      },
      "root": {
        "path": "/mnt",
        "readonly": true,
      },
    }
  `)
})

test('with one id the agent is the visitor, and has no right to be another', () => {
  const { process, mounts } = bundleConfig({ ...inputs, oneId: true })

  expect(process.user).toEqual({ uid: 1000, gid: 1000 })
  expect(Object.values(process.capabilities).flat()).toEqual([])
  expect(process.env).toContain('DRAGOMAN_ONE_ID=1')
  expect(mounts.find(({ destination }) => destination === '/run/dragoman')?.options).toContain('uid=1000')
})

test('root of the host is never mapped', () => {
  expect(() => bundleConfig({ ...inputs, ids: { agent: 0, visitor: 1 } })).toThrow('root of the host is never mapped')
  expect(() => bundleConfig({ ...inputs, ids: { agent: 1, visitor: 0 } })).toThrow('root of the host is never mapped')
  expect(bundleConfig({ ...inputs, ids: { agent: 1, visitor: 2 } }).linux.uidMappings?.map((m) => m.hostID)).toEqual([1, 2])
})

test('open files never go above what this process may have', () => {
  const filesOf = (openFilesMax: number) => bundleConfig({ ...inputs, openFilesMax }).process.rlimits[0]?.hard

  expect(filesOf(1023)).toBe(1023)
  expect(filesOf(1024)).toBe(1024)
  expect(filesOf(1025)).toBe(1024)
})

test('a kernel that does not count swap is not asked to', () => {
  expect(bundleConfig({ ...inputs, countsSwap: false }).linux.resources.memory).toEqual({ limit: DEFAULT_LIMITS.memoryBytes })
})

test('whatever can be written to has a size, and carries neither devices nor other ids', () => {
  const tmpfs = bundleConfig(inputs).mounts.filter(({ type }) => type === 'tmpfs')

  expect(tmpfs.map(({ destination }) => destination)).toEqual(['/dev', '/dev/shm', '/tmp', '/home/visitor', '/run/dragoman'])
  for (const { destination, options } of tmpfs) {
    expect(
      options.some((option) => option.startsWith('size=')),
      destination,
    ).toBe(true)
    expect(options, destination).toContain('nosuid')
    expect(options.includes('ro') || options.some((option) => option.startsWith('nr_inodes=')), destination).toBe(true)
  }
})
