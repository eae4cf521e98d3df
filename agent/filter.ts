/**
 * System calls that programs under the agent's own id go without, beside what the pod's own filter refuses: those by which
 * they could reach the agent, which the kernel allows within one id, and parts of the kernel that no language needs. A filter
 * is inherited, so the agent lives under it too.
 */
type Rule = {
  readonly x64: number
  readonly arm64: number
  readonly errno: number
  /** Refused only with these values of this argument, or with any but 0. Without: always. */
  readonly when?: readonly [argument: number, values: readonly number[] | 'not 0']
  /** A pointer to what is to change: without one the call only asks, and may. */
  readonly changes?: number
}

const EPERM = 1
const EAFNOSUPPORT = 97
const refused = (x64: number, arm64: number, when?: Rule['when']): Rule => ({ x64, arm64, errno: EPERM, ...(when && { when }) })
/** No call has this number. */
const NONE = 0xffffffff
const AGENT: Rule['when'] = [0, [1]]

const RULES: readonly Rule[] = [
  // prlimit64: any thread of the agent stands for it. One's own limits are set as those of 0, and asked for by one's number too.
  { ...refused(302, 261, [0, 'not 0']), changes: 2 },
  refused(203, 122, AGENT), // sched_setaffinity
  refused(144, 119, AGENT), // sched_setscheduler
  refused(142, 118, AGENT), // sched_setparam
  refused(314, 274, AGENT), // sched_setattr
  refused(251, 30, [1, [1]]), // ioprio_set
  refused(16, 29, [1, [0x5412, 0x541c]]), // ioctl: words into the terminal (TIOCSTI, TIOCLINUX)
  { ...refused(41, 198, [0, [38, 40, 44]]), errno: EAFNOSUPPORT }, // socket: AF_ALG, AF_VSOCK, AF_XDP
  ...[425, 426, 427].map((number) => refused(number, number)), // io_uring
  refused(323, 282), // userfaultfd
  refused(248, 217), // add_key
  refused(249, 218), // request_key
  refused(250, 219), // keyctl
  refused(321, 280), // bpf
  refused(298, 241), // perf_event_open
  refused(447, 447), // memfd_secret
  refused(154, NONE), // modify_ldt
]

const ARCHITECTURE = { x64: 0xc000003e, arm64: 0xc00000b7 }
/** Calls of the kind x32 have this bit in their number. */
const X32 = 0x40000000

const LOAD = 0x20
const IF_EQUAL = 0x15
const IF_AT_LEAST = 0x35
const RETURN = 0x06
const KILL_PROCESS = 0x80000000
const ALLOW = 0x7fff0000
const ERRNO = 0x00050000

/** Places in the kernel's `struct seccomp_data`. Of an argument the lower half counts: each is an int, but for pointers. */
const NUMBER = 0
const ARCH = 4
const argument = (n: number) => 16 + 8 * n
const upperHalf = (n: number) => argument(n) + 4

type Step = readonly [code: number, ifSo: number, ifNot: number, value: number]
const load = (place: number): Step => [LOAD, 0, 0, place]
const answer = (value: number): Step => [RETURN, 0, 0, value]

/** As the kernel takes it: eight bytes a step. Programs of another kind of processor, which would have other numbers, end. */
export function filterProgram(arch: 'x64' | 'arm64'): Uint8Array {
  const steps: Step[] = [
    load(ARCH),
    [IF_EQUAL, 1, 0, ARCHITECTURE[arch]],
    answer(KILL_PROCESS),
    load(NUMBER),
    [IF_AT_LEAST, 0, 1, arch === 'x64' ? X32 : NONE],
    answer(KILL_PROCESS),
    ...RULES.flatMap((rule) => stepsOf(rule, rule[arch])),
    answer(ALLOW),
  ]
  const bytes = Buffer.alloc(8 * steps.length)
  for (const [at, [code, ifSo, ifNot, value]] of steps.entries()) {
    bytes.writeUInt16LE(code, 8 * at)
    bytes.writeUInt8(ifSo, 8 * at + 2)
    bytes.writeUInt8(ifNot, 8 * at + 3)
    bytes.writeUInt32LE(value, 8 * at + 4)
  }
  return bytes
}

function stepsOf({ errno, when, changes }: Rule, number: number): Step[] {
  const refusal = answer(ERRNO | errno)
  const judged = when ? [load(argument(when[0])), ...choice(when[1]), answer(ALLOW), refusal] : [refusal]
  const body = changes === undefined ? judged : [...allowWithout(changes), ...judged]
  return [[IF_EQUAL, 0, body.length, number], ...body]
}

/** Goes on where there is a pointer. */
const allowWithout = (pointer: number): Step[] => [
  load(argument(pointer)),
  [IF_EQUAL, 0, 3, 0],
  load(upperHalf(pointer)),
  [IF_EQUAL, 0, 1, 0],
  answer(ALLOW),
]

/** Comes to the step after the next where it is refused. */
const choice = (values: readonly number[] | 'not 0'): Step[] =>
  values === 'not 0' ? [[IF_EQUAL, 0, 1, 0]] : values.map((value, i): Step => [IF_EQUAL, values.length - i, 0, value])
