import { AGENT_IN_ROOT, bundleConfig, type BundleInputs } from './bundle.ts'
import type { OciMount, OciSpec, SeccompFilter, SeccompRule } from './oci-spec.ts'

/** What gVisor's own kernel is told apart: it is a program on this machine, with a filter, ids and namespaces of its own. */
const NAMESPACES = ['pid', 'mount', 'ipc', 'uts', 'network']

/** Where the sandbox's kernel counts its processes. Our control groups count those of the machine, which are others. */
const COUNTED = '/run/dragoman/pids'
/** Rights that setting this limit takes; gone when the agent begins. */
const MORE_CAPABILITIES = { CAP_DAC_OVERRIDE: 1, CAP_SETPCAP: 8, CAP_SYS_ADMIN: 21 } as const

type Calls = { readonly mount: number; readonly prctl: number }
const CALLS: Readonly<Record<string, Calls>> = { x64: { mount: 165, prctl: 157 }, arm64: { mount: 40, prctl: 167 } }

/** Limits the sandbox's processes, its own among them, gives the rights for that away for good, and becomes the agent. */
const begin = ({ mount, prctl }: Calls) => `
my ($most, @agent) = @ARGV;
my $at = "${COUNTED}";
my $file;
sub tell_it { open $file, ">", "$at/all/$_[0]" and print $file $_[1] and close $file or die "Cannot set $_[0]: $!\n" }
mkdir $at and syscall(${mount}, my $none = "none", $at, my $type = "cgroup", 0, my $which = "pids") == 0
  and mkdir "$at/all" or die "Cannot count processes: $!\n";
tell_it "pids.max", $most;
tell_it "cgroup.procs", 0;
syscall(${prctl}, 24, $_, 0, 0, 0) == 0 or die "Cannot drop rights: $!\n" for ${Object.values(MORE_CAPABILITIES).join(', ')};
exec @agent or die "Cannot begin: $!\n"`

/** Its terminals are whose they were opened by, and the agent hands them to the visitor. */
const AGENTS_OWN = ['CAP_CHOWN']

/** One sandbox for gVisor's runtime: what {@link bundleConfig} says, in so far as it is for the kernel inside to keep. */
export function gvisorBundle(inputs: BundleInputs): OciSpec {
  const spec = bundleConfig(inputs)
  const calls = CALLS[inputs.arch]
  if (!calls) throw new Error(`Cannot begin a sandbox: the architecture "${inputs.arch}" is not known here`)
  const { bounding, effective, permitted, ...others } = spec.process.capabilities
  const more = [...AGENTS_OWN, ...Object.keys(MORE_CAPABILITIES)]
  const { maskedPaths, readonlyPaths, resources, seccomp } = spec.linux
  return {
    ...spec,
    process: {
      ...spec.process,
      args: ['/usr/bin/perl', '-e', begin(calls), String(inputs.limits.processes), AGENT_IN_ROOT],
      env: [...spec.process.env, 'DRAGOMAN_HANDED=1'],
      capabilities: {
        ...others,
        bounding: [...bounding, ...more],
        effective: [...effective, ...more],
        permitted: [...permitted, ...more],
      },
    },
    mounts: [...spec.mounts.map(openDev), NO_SYS],
    linux: {
      namespaces: NAMESPACES.map((type) => ({ type })),
      ...{ maskedPaths, readonlyPaths, resources },
      seccomp: insideFilter(seccomp),
    },
  }
}

/**
 * Opening a device that is there with O_CREAT, as `> /dev/null` does, fails on a read-only /dev of gVisor's. Its folders are
 * the agent's, so that nobody else can write to them.
 */
const openDev = (mount: OciMount): OciMount =>
  mount.destination === '/dev' ? { ...mount, options: mount.options.filter((option) => option !== 'ro') } : mount

/** gVisor would put one there. */
const NO_SYS: OciMount = { destination: '/sys', type: 'tmpfs', source: 'tmpfs', options: ['ro', 'nosuid', 'nodev', 'size=4096'] }

/** It lets anybody make devices, where Linux asks for a right. By its place among these a call has its mode. */
const MAKING = ['mknod', 'mknodat']
/** None said, a pipe, a plain file, a socket. */
const KINDS = [0, 0x1000, 0x8000, 0xc000]
const KIND_MASK = 0xf000

const makes = (name: string, index: number, kind: number): SeccompRule => ({
  names: [name],
  action: 'SCMP_ACT_ALLOW',
  args: [{ index, op: 'SCMP_CMP_MASKED_EQ', value: KIND_MASK, valueTwo: kind }],
})

/** It passes over names that it does not know, and knows this call by another one than the rest of the world. */
const GVISORS_PSELECT6 = 'pselect'

/**
 * The same filter, kept by the kernel inside. Builds of 2022 answer EPERM to all that is refused, whatever number the filter
 * names, but a libc goes from `clone3` to `clone` at ENOSYS alone, which a trace without a tracer answers. To mount takes a
 * right that nobody has once the agent runs.
 */
function insideFilter(filter: SeccompFilter): SeccompFilter {
  return {
    ...filter,
    syscalls: [
      ...filter.syscalls.map((rule) => ({ ...rule, names: rule.names.filter((name) => !['mount', ...MAKING].includes(name)) })),
      ...MAKING.flatMap((name, index) => KINDS.map((kind) => makes(name, index + 1, kind))),
      { names: ['mount', GVISORS_PSELECT6], action: 'SCMP_ACT_ALLOW' },
      { names: ['clone3'], action: 'SCMP_ACT_TRACE' },
    ],
  }
}
