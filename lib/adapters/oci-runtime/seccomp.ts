import type { SeccompArg, SeccompFilter, SeccompRule } from './oci-spec.ts'
import { ALLOWED_SYSCALLS, REFUSED_SYSCALLS } from './syscalls.ts'

const EPERM = 1
const ENOSYS = 38
const EAFNOSUPPORT = 97

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'SCMP_ARCH_X86_64', arm64: 'SCMP_ARCH_AARCH64' }

/**
 * A list of what is allowed. A list of what is denied would have to name every call that a newer kernel brings, and the
 * library that compiles the filter is often older than the kernel: what it has no name for it cannot deny. Whatever is not
 * listed answers ENOSYS, as an older kernel would, so that a libc falls back (`clone3` to `clone`); what is refused by
 * policy answers EPERM. Only the machine's own architecture is named, which closes its 32-bit and x32 doors.
 */
export function seccompFilter(arch: string): SeccompFilter {
  const architecture = ARCHITECTURES[arch]
  if (!architecture) throw new Error(`Cannot make a system call filter: the architecture "${arch}" is not known here`)
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: ENOSYS,
    architectures: [architecture],
    syscalls: [
      { names: ALLOWED_SYSCALLS, action: 'SCMP_ACT_ALLOW' },
      { names: REFUSED_SYSCALLS, action: 'SCMP_ACT_ERRNO', errnoRet: EPERM },
      ...cloneRules(),
      ...socketRules(),
      ...personalityRules(),
      ...ioctlRules(),
    ],
  }
}

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NAMESPACE_FLAGS = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]

function cloneRules(): SeccompRule[] {
  const all = NAMESPACE_FLAGS.reduce((sum, flag) => sum + flag)
  return [
    allow('clone', { index: 0, op: 'SCMP_CMP_MASKED_EQ', value: all, valueTwo: 0 }),
    ...NAMESPACE_FLAGS.map((flag) => refuse('clone', EPERM, { index: 0, op: 'SCMP_CMP_MASKED_EQ', value: flag, valueTwo: flag })),
  ]
}

/** AF_UNIX, AF_INET and AF_INET6. The upper half of the register, which the kernel ignores, must be empty to match. */
const FAMILIES = [1, 2, 10]
/** Of AF_NETLINK only protocol 0, the routing tables: Node, Go and others read a machine's addresses there. */
const NETLINK = 16

function socketRules(): SeccompRule[] {
  const others = Array.from({ length: NETLINK }, (_, family) => family).filter((family) => !FAMILIES.includes(family))
  return [
    ...FAMILIES.map((value) => allow('socket', { index: 0, op: 'SCMP_CMP_EQ', value })),
    ...others.map((value) => refuse('socket', EAFNOSUPPORT, { index: 0, op: 'SCMP_CMP_EQ', value })),
    allow('socket', { index: 0, op: 'SCMP_CMP_EQ', value: NETLINK }, { index: 2, op: 'SCMP_CMP_EQ', value: 0 }),
    refuse('socket', EAFNOSUPPORT, { index: 0, op: 'SCMP_CMP_EQ', value: NETLINK }, { index: 2, op: 'SCMP_CMP_GE', value: 1 }),
    refuse('socket', EAFNOSUPPORT, { index: 0, op: 'SCMP_CMP_GE', value: NETLINK + 1 }),
    allow('socketpair', { index: 0, op: 'SCMP_CMP_EQ', value: 1 }),
  ]
}

/** Linux, Linux without address randomisation (debuggers), and the question which it is. */
const PERSONALITIES = [0, 0x0040000, 0xffffffff]

const personalityRules = () => PERSONALITIES.map((value) => allow('personality', { index: 0, op: 'SCMP_CMP_EQ', value }))

/** TIOCSTI and TIOCLINUX put words into the mouth of whoever sits at the terminal. */
export const REFUSED_IOCTLS = [0x5412, 0x541c]

function ioctlRules(): SeccompRule[] {
  return [
    ...allBut(REFUSED_IOCTLS).map(({ mask, value }) =>
      allow('ioctl', { index: 1, op: 'SCMP_CMP_MASKED_EQ', value: mask, valueTwo: value }),
    ),
    ...REFUSED_IOCTLS.map((value) =>
      refuse('ioctl', EPERM, { index: 1, op: 'SCMP_CMP_MASKED_EQ', value: 0xffffffff, valueTwo: value }),
    ),
  ]
}

/**
 * Masked equalities that together hold for every 32-bit number but these. The kernel reads 32 bits of a request while a
 * filter sees 64, so that plain (in)equalities would be passed by with a dirty upper half; and a rule may test an argument
 * only once, so "neither this nor that" has no shorter form.
 */
export function allBut(numbers: readonly number[], bit = 31, mask = 0, prefix = 0): { mask: number; value: number }[] {
  if (numbers.length === 0) return [{ mask, value: prefix }]
  if (bit < 0) return []
  const place = 2 ** bit
  const isSet = (n: number) => Math.floor(n / place) % 2 === 1
  return [
    ...allBut(
      numbers.filter((n) => !isSet(n)),
      bit - 1,
      mask + place,
      prefix,
    ),
    ...allBut(numbers.filter(isSet), bit - 1, mask + place, prefix + place),
  ]
}

const allow = (name: string, ...args: SeccompArg[]): SeccompRule => ({ names: [name], action: 'SCMP_ACT_ALLOW', args })

const refuse = (name: string, errnoRet: number, ...args: SeccompArg[]): SeccompRule => ({
  names: [name],
  action: 'SCMP_ACT_ERRNO',
  errnoRet,
  args,
})
