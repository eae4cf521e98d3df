import { release } from 'node:os'

import type { Limits } from '#lib/domain/limits.ts'

import { AGENT_TMPFS_BYTES } from './bundle.ts'
import { CALLS, selfTestCases, type SelfTestCase } from './self-test-cases.ts'
import { tiny32BitProgram } from './tiny-program.ts'

type Answer = Pick<SelfTestCase, 'expected'> & Partial<SelfTestCase>

/**
 * The same hostile programs where gVisor's kernel answers them. What it cannot show or says otherwise has an expectation of
 * its own, never none: a case that is missing here is judged as on the machine's kernel.
 */
export function gvisorCases(limits: Limits, arch: string): SelfTestCase[] {
  const answers = new Map(Object.entries(answersOf(limits, arch)))
  const cases = selfTestCases(limits, arch).map((one) => {
    const answer = answers.get(one.name)
    answers.delete(one.name)
    return { ...one, ...answer }
  })
  if (answers.size > 0) throw new Error(`Cannot test: there is no case "${[...answers.keys()].join('", "')}"`)
  return cases
}

function answersOf(limits: Limits, arch: string): Readonly<Record<string, Answer>> {
  const isX64 = arch === 'x64'
  return {
    // Its ids are no ids of the machine. That it is another kernel at all is what its name tells.
    'ids are shifted': {
      name: 'the kernel is another',
      script: 'cat /proc/self/uid_map /proc/self/gid_map; uname -r',
      expected: (output) => output.startsWith('0 0 4294967295 0 0 4294967295 4.4') && !output.endsWith(` ${release()}`),
    },
    // Not in its status. PR_GET_NO_NEW_PRIVS.
    'no new privileges': { script: `perl -e 'print syscall(${isX64 ? 157 : 167}, 39, 0, 0, 0, 0)'`, expected: '1' },
    // It has no ambient ones.
    'no capabilities': { expected: ['Inh', 'Prm', 'Eff'].map((set) => `Cap${set}: ${'0'.repeat(16)}`).join(' ') },
    // It always has a /sys: nothing may be in ours.
    'kernel settings cannot be written': {
      script: `for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/vm/overcommit_memory \\
          /proc/sysrq-trigger /proc/1/oom_score_adj /run/dragoman/pids/*/* /run/dragoman/pids/*; do
          (: >>$file) 2>&- && echo $file; done; find /sys /run/dragoman -type d`,
      expected: '/sys /run/dragoman /run/dragoman/pids /run/dragoman/pids/all',
    },
    // Builds of 2022 refuse by one number, whatever a filter says.
    'system calls are refused': { expected: oneOf(refusals(ownErrno), refusals(onlyEperm)) },
    'other families of sockets are refused': { expected: (output) => /^((\d+:1 ?){7}|(\d+:97 ?){7})$/.test(output) },
    'connections fail at once': { expected: '113 113 113' },
    // Devices that it plays itself: to use these two takes rights that nobody has.
    'devices are the agreed ones': {
      expected: ['full', 'fuse', 'net/tun', 'null', 'pts/ptmx', 'random', 'tty', 'urandom', 'zero']
        .map((name) => `/dev/${name}`)
        .join(' '),
    },
    // It counts no nodes; they are memory. Of /dev, where it keeps no size, nothing is a visitor's (see the case on writing).
    'places to write have sizes': {
      script: 'df -B1 --output=target,size /dev/shm /home/visitor /run/dragoman /tmp | tail -n +2',
      expected: [
        `/dev/shm ${limits.tmpBytes}`,
        `/home/visitor ${limits.homeBytes}`,
        `/run/dragoman ${AGENT_TMPFS_BYTES}`,
        `/tmp ${limits.tmpBytes}`,
      ].join(' '),
    },
    // It shows everybody the environment and the map of every process, and the agent has no secret in them.
    'the agent is out of reach': {
      script: `kill -KILL 1 2>&- && echo killed; perl -e '
$! = 0; open my $memory, "<", "/proc/1/mem"; print $! + 0, "\n";
$! = 0; syscall(${isX64 ? 101 : 117}, 16, 1, 0, 0); print $! + 0, "\n";
my ($here, $there) = (pack("PQ", my $byte = "x", 1), pack "QQ", 0x200000, 1);
$! = 0; syscall(${isX64 ? 310 : 270}, 1, $here, 1, $there, 1, 0); print $! + 0, "\n"'
tr '\\0' '\\n' </proc/1/environ | cut -d= -f1 | sort`,
      expected: (output) => new RegExp(`^13 1 (1|38) ${AGENT_ENVIRONMENT.join(' ')}$`).test(output), // or has no such call
    },
    ...(isX64 && {
      // It loads no such programs: ENOEXEC.
      'no system calls of 32-bit programs': {
        script: `printf '${tiny32BitProgram()}' >tiny && chmod +x tiny && perl -e 'my $at = "./tiny"; syscall(59, $at, 0, 0); print $! + 0'`,
        expected: '8',
      },
    }),
  }
}

const EPERM = 1
const ENOSYS = 38
type Call = (typeof CALLS)[number]
const ownErrno = ([, , , , errno]: Call) => errno
const onlyEperm = ([name]: Call) => (name === 'clone3' ? ENOSYS : EPERM)
const refusals = (errnoOf: (call: Call) => number) => CALLS.map((call) => `${call[0]}:${errnoOf(call)}`).join(' ')
const oneOf =
  (...answers: readonly string[]) =>
  (output: string) =>
    answers.includes(output)

/** All of it, the sha256 of its key included, may be known to a visitor. */
const AGENT_ENVIRONMENT = [
  'BUN_JSC_numberOfGCMarkers',
  'BUN_JSC_useConcurrentGC',
  'BUN_JSC_useConcurrentJIT',
  'DRAGOMAN_HANDED',
  'DRAGOMAN_KEY_SHA256',
  'HOME',
  'PATH',
]
