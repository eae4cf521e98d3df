import { createHash } from 'node:crypto'
import { join } from 'node:path'

import { probeHost } from '../adapters/oci-runtime/host.ts'
import { ociSandboxes } from '../adapters/oci-runtime/sandboxes.ts'
import { selfTest } from '../adapters/oci-runtime/self-test.ts'
import { absentSandboxes } from '../application/ports/absent-sandboxes.ts'
import type { ImageRoots } from '../application/ports/image-roots.ts'
import type { Log } from '../application/ports/log.ts'
import type { Sandboxes } from '../application/ports/sandboxes.ts'
import type { Config } from '../config/options.ts'
import { agentPath } from './image-roots.ts'

const MIB = 1024 * 1024
/** Sandboxes beside the sessions: waiting members, and those being taken away. */
const SPARE_SANDBOXES = 64

/** `failed` says what is wrong with this machine or got its way in the self-test; then no session may be opened. */
type OpenedSandboxes = { readonly sandboxes: Sandboxes; readonly failed: readonly string[] }

export const instanceOf = (dataDir: string) => createHash('sha256').update(dataDir).digest('hex').slice(0, 8)

export async function openSandboxes(
  config: Config,
  top: string,
  dataDir: string,
  roots: ImageRoots,
  log: Log,
): Promise<OpenedSandboxes> {
  const { runtime, runtimePath, uidBase, oneId, totalMemoryMiB } = config
  const problems = await probeHost(runtime, runtimePath)
  if (problems.length > 0) {
    for (const { what, fix } of problems) log.error('no sandboxes', { error: what, fix })
    return { sandboxes: absentSandboxes, failed: problems.map(({ what }) => what) }
  }
  const sandboxes = await ociSandboxes({
    ...{ runtime, uidBase, oneId, roots, ...(runtimePath && { runtimePath }) },
    stateDir: join(dataDir, 'sandboxes'),
    agentPath: agentPath(top),
    toolsPath: join(top, '.dragoman', 'tools'),
    // The same at every start with this data, so that sandboxes taken over stay within the one limit of all.
    instance: instanceOf(dataDir),
    sandboxesMax: config.sessionsMax + SPARE_SANDBOXES,
    totalMemoryBytes: totalMemoryMiB * MIB,
  })
  const tested = await selfTest(sandboxes, runtime, oneId)
  const failed = tested.filter((test) => !test.ok)
  for (const { name, detail } of failed) log.error('self-test failed', { error: name, detail })
  return { sandboxes, failed: failed.map(({ name }) => name) }
}
