import { join } from 'node:path'

import type { Limits } from '#lib/domain/limits.ts'

import { gvisorBundle } from './gvisor-bundle.ts'
import { handover } from './handover.ts'
import { makeLimitedGroup } from './limit-group.ts'
import { runDetached, type Runtime } from './runtime.ts'

const MIB = 1024 * 1024
/** What the kernel inside and its file server take for themselves; see docs/decisions/0008-runsc.md. */
const OWN_BYTES = 96 * MIB
/**
 * The kernel inside keeps several threads here for each process of its own, some six of them were seen; one that it cannot make
 * stops it. How many processes a visitor has it limits itself, so that this is a wall far behind that.
 */
const THREADS_EACH = 16
const OWN_THREADS = 256

/** Every sandbox has a kernel of its own, a program: the machine's is reached by none of the visitor's calls. */
const FLAGS = ['--platform=ptrace', '--network=none', '--ignore-cgroups', '--oci-seccomp']

/** gVisor's `runsc`. It puts nothing into control groups and passes no socket on, so both is done around it. */
export function gvisorRuntime(
  path: string,
  stateDir: string,
  host: { readonly cgroupVersion: 1 | 2; readonly countsSwap: boolean },
): Runtime {
  // One for each sandbox: what the runtime keeps of it has names of its choosing.
  const folderOf = (id: string) => join(stateDir, 'runtime', id)
  return {
    folderOf,
    bundle: gvisorBundle,
    async launch({ id, bundle, space, pidFile, listener, group, ids, limits, signal }) {
      const groups = await makeLimitedGroup(host.cgroupVersion, group, outside(limits), host.countsSwap)
      const run = [path, '--root', folderOf(id), ...FLAGS, 'run', '--detach', '--bundle', bundle, '--pid-file', pidFile, id]
      return runDetached(space.enter(handover(run, groups, ids.agent, process.arch)), { pidFile, listener, signal })
    },
  }
}

const outside = (limits: Limits): Limits => ({
  ...limits,
  memoryBytes: limits.memoryBytes + OWN_BYTES,
  processes: limits.processes * THREADS_EACH + OWN_THREADS,
})
