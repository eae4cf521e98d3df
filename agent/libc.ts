import { dlopen, ptr, read } from 'bun:ffi'

/** The few calls of the C library that Bun does not offer. Opening it costs 0.3 ms. */
const { symbols: libc } = dlopen('libc.so.6', {
  posix_openpt: { args: ['int'], returns: 'int' },
  unlockpt: { args: ['int'], returns: 'int' },
  ioctl: { args: ['int', 'u64', 'ptr'], returns: 'int' },
  waitid: { args: ['int', 'u32', 'ptr', 'int'], returns: 'int' },
  waitpid: { args: ['int', 'ptr', 'int'], returns: 'int' },
  setenv: { args: ['ptr', 'ptr', 'int'], returns: 'int' },
  execv: { args: ['ptr', 'ptr'], returns: 'int' },
  prctl: { args: ['int', 'u64', 'u64', 'u64', 'u64'], returns: 'int' },
  signal: { args: ['int', 'ptr'], returns: 'ptr' },
  setrlimit: { args: ['int', 'ptr'], returns: 'int' },
  setgroups: { args: ['usize', 'ptr'], returns: 'int' },
  socket: { args: ['int', 'int', 'int'], returns: 'int' },
  connect: { args: ['int', 'ptr', 'u32'], returns: 'int' },
  poll: { args: ['ptr', 'u64', 'int'], returns: 'int' },
  getsockopt: { args: ['int', 'int', 'int', 'ptr', 'ptr'], returns: 'int' },
  inet_pton: { args: ['int', 'ptr', 'ptr'], returns: 'int' },
  open: { args: ['ptr', 'int'], returns: 'int' },
  close: { args: ['int'], returns: 'int' },
  fchown: { args: ['int', 'u32', 'u32'], returns: 'int' },
  recvmsg: { args: ['int', 'ptr', 'int'], returns: 'i64' },
  __errno_location: { args: [], returns: 'ptr' },
})

const O_RDWR = 0o2
const O_NOCTTY = 0o400
const O_NONBLOCK = 0o4000
const O_CLOEXEC = 0o2000000
const TCGETS = 0x5401
const TIOCSWINSZ = 0x5414
const TIOCGPTN = 0x80045430
const TIOCGPTPEER = 0x5441

/** `tellsEnd`: reading the master fails once nobody holds the slave. */
export type OpenPty = { readonly master: number; readonly slave: number; readonly tellsEnd: boolean }

/** Both ends. The slave is had from the master and not by its name: the name's owner is the visitor, and we may not pass for one. */
export function openPty(owner: number): OpenPty {
  const master = libc.posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
  if (master < 0 || libc.unlockpt(master) !== 0) throw new Error(`Cannot open a pty: errno ${errno()}`)
  const flags = O_RDWR | O_NOCTTY | O_CLOEXEC
  const peer = libc.ioctl(master, TIOCGPTPEER, flags as Parameters<typeof libc.ioctl>[2]) // a number where others take a pointer
  const slave = peer < 0 ? openSlave(master, flags, owner) : peer
  if (slave < 0) throw new Error(`Cannot open the other end of a pty: errno ${errno()}`)
  return { master, slave, tellsEnd: peer >= 0 }
}

/** gVisor gives a slave by its name alone, and it is ours there: then it becomes the visitor's, as it is on Linux from the start. */
function openSlave(master: number, flags: number, owner: number): number {
  const number = new Int32Array(1)
  if (libc.ioctl(master, TIOCGPTN, ptr(number)) !== 0) return -1
  const slave = libc.open(ptr(text(`/dev/pts/${number[0]}`)), flags)
  if (slave >= 0) libc.fchown(slave, owner, owner)
  return slave
}

export function setWindowSize(fd: number, cols: number, rows: number): void {
  libc.ioctl(fd, TIOCSWINSZ, ptr(Uint16Array.of(rows, cols, 0, 0)))
}

/** `signals`: by the byte that means it. */
export type TerminalModes = { readonly editsLines: boolean; readonly signals: ReadonlyMap<number, NodeJS.Signals> }

const ISIG = 1
const ICANON = 2
/** Places in the kernel's `struct termios`. */
const LOCAL_FLAGS = 12
const CHARACTERS = 17
const KEYS = [
  ['SIGINT', 0],
  ['SIGQUIT', 1],
  ['SIGTSTP', 10],
] as const

export function terminalModes(fd: number): TerminalModes | undefined {
  const termios = Buffer.alloc(64)
  if (libc.ioctl(fd, TCGETS, ptr(termios)) !== 0) return undefined
  const flags = termios.readUInt32LE(LOCAL_FLAGS)
  const keys = flags & ISIG ? KEYS.map(([signal, place]) => [termios[CHARACTERS + place] ?? 0, signal] as const) : []
  return { editsLines: (flags & ICANON) !== 0, signals: new Map(keys.filter(([byte]) => byte !== 0)) }
}

/** Supplementary groups of the agent would be the visitor's too. Refused where the runtime fixed them, which is as good. */
export function dropGroups(): void {
  libc.setgroups(0, null)
}

const PR_SET_DUMPABLE = 4
/** SIGHUP to SIGALRM without SIGKILL, then SIGTERM to the last of the real-time ones without SIGCHLD and SIGSTOP. */
const SIGNALS = Array.from({ length: 64 }, (_, i) => i + 1).filter((signal) => ![9, 17, 19].includes(signal))

/**
 * Where programs run under our own id: none of them may read our memory, our files or what we were started with any more.
 * Nor end us: signals from inside that process 1 does not handle never reach it, so the engine's handlers go. A fault of
 * our own still ends us.
 */
export function hideFromOwnId(): void {
  if (libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) !== 0) throw new Error(`Cannot hide from programs of our own id: errno ${errno()}`)
  for (const signal of SIGNALS) libc.signal(signal, null)
}

const PR_SET_SECCOMP = 22
const SECCOMP_MODE_FILTER = 2

/** For this thread and all that it starts, for good. Programs of a pod cannot gain rights, so it is allowed one of its own. */
export function installFilter(program: Uint8Array): void {
  const place = BigUint64Array.of(BigInt(program.length / 8), BigInt(ptr(program)))
  if (libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ptr(place), 0, 0) !== 0)
    throw new Error(`Cannot filter calls: errno ${errno()}`)
}

const RLIMIT_CORE = 4
const RLIMIT_NOFILE = 7

/** Where no runtime sets them: so many open files for each process from here on, and no image of one that crashed. */
export function limitResources(openFiles: number): void {
  for (const [resource, max] of [
    [RLIMIT_NOFILE, BigInt(openFiles)],
    [RLIMIT_CORE, 0n],
  ] as const) {
    if (libc.setrlimit(resource, ptr(BigUint64Array.of(max, max))) !== 0) throw new Error(`Cannot set limits: errno ${errno()}`)
  }
}

/** Begins this very executable anew, as the same process, with these added to its environment. Returns only in failure. */
export function beginAnewWith(added: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(added)) libc.setenv(ptr(text(name)), ptr(text(value)), 1)
  const path = text(process.execPath)
  libc.execv(ptr(path), ptr(BigUint64Array.of(BigInt(ptr(path)), 0n)))
}

const text = (text: string) => Buffer.from(`${text}\0`)

const P_ALL = 0
const WNOHANG = 1
const WEXITED = 4
const WNOWAIT = 0x01000000
const SI_PID = 4 // in 32-bit words; before it the signal, errno, code and padding

/** The pid of a child that has ended and was not waited for; undefined when there is none. It stays as it is. */
export function endedChild(): number | undefined {
  const info = new Int32Array(32)
  if (libc.waitid(P_ALL, 0, ptr(info), WNOHANG | WEXITED | WNOWAIT) !== 0) return undefined
  return info[SI_PID] || undefined
}

export function reap(pid: number): void {
  libc.waitpid(pid, null, WNOHANG)
}

const SOCK_STREAM = 1
const EINPROGRESS = 115
const POLLOUT = 4
const SOL_SOCKET = 1
const SO_ERROR = 4

/** A connection under way, or the errno of one that came to its end at once: 0 when it succeeded. */
export function beginConnect(
  place: Uint8Array,
): { readonly fd: number; readonly errno?: undefined } | { readonly fd?: undefined; readonly errno: number } {
  const fd = libc.socket(place[0] ?? 0, SOCK_STREAM | O_NONBLOCK | O_CLOEXEC, 0) // a place begins with its family
  if (fd < 0) return { errno: errno() }
  const error = libc.connect(fd, ptr(place), place.length) === 0 ? 0 : errno()
  if (error === EINPROGRESS) return { fd }
  libc.close(fd)
  return { errno: error }
}

/** How a connection under way came out: 0 or an errno; undefined while it is under way. */
export function connectOutcome(fd: number): number | undefined {
  const polled = Int32Array.of(fd, POLLOUT)
  if (libc.poll(ptr(polled), 1n, 0) === 0) return undefined
  const error = Int32Array.of(0)
  const length = Int32Array.of(error.byteLength)
  return libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, ptr(error), ptr(length)) === 0 ? error[0] : errno()
}

export function closeFd(fd: number): void {
  libc.close(fd)
}

/** The bytes of an address, of which IPv4 has the first four; undefined when that is no address of the family. */
export function parseAddress(family: number, address: string): Uint8Array | undefined {
  const bytes = Buffer.alloc(16)
  return libc.inet_pton(family, ptr(text(address)), ptr(bytes)) === 1 ? bytes : undefined
}

const MSG_DONTWAIT = 0x40
const MSG_CMSG_CLOEXEC = 0x40000000
/** A control message with one descriptor: its length, level and type, then the descriptor, padded. */
const CONTROL_BYTES = 24
const CONTROL_FD = 16

/** The descriptor that came with the next byte on this socket; undefined when there is none. */
export function receiveDescriptor(fd: number): number | undefined {
  const byte = new Uint8Array(1)
  const place = BigUint64Array.of(BigInt(ptr(byte)), 1n)
  const control = Buffer.alloc(CONTROL_BYTES)
  const message = BigUint64Array.of(0n, 0n, BigInt(ptr(place)), 1n, BigInt(ptr(control)), BigInt(CONTROL_BYTES), 0n)
  const received = libc.recvmsg(fd, ptr(message), MSG_DONTWAIT | MSG_CMSG_CLOEXEC)
  if (Number(received) !== 1 || control.readUInt32LE(0) === 0) return undefined
  return control.readInt32LE(CONTROL_FD)
}

/** Read right after the call it belongs to: nothing between the two makes a call of its own on this thread. */
function errno(): number {
  const { __errno_location: errnoPlace } = libc
  const place = errnoPlace()
  return place === null ? -1 : read.i32(place, 0)
}
