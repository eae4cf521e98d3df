import { randomBytes, randomInt } from 'node:crypto'
import { existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Sandbox, Sandboxes } from '#lib/application/ports/sandboxes.ts'
import type { Foundation } from '#lib/domain/foundation.ts'
import { sandboxId, type SandboxId } from '#lib/domain/ids.ts'
import { DEFAULT_LIMITS, type Limits } from '#lib/domain/limits.ts'

import { runTasks } from './agent-tasks.ts'
import { findCgroups, groupBelow, groupsIn, pidsIn } from './cgroups.ts'
import { processOf } from './processes.ts'
import { ociSandboxes, type OciOptions } from './sandboxes.ts'
import { AGENT } from './testing-image.ts'

const IDS_PER_WORLD = 1000
const IDS_FROM = 1_500_000_000

/** Everything that one test may leave on the machine can be told from all else: by folder, group name and host ids. */
export type World = {
  readonly options: OciOptions
  open(): Promise<Sandboxes>
  start(sandboxes: Sandboxes, limits?: Partial<Limits>, id?: SandboxId, foundation?: Foundation): Promise<Sandbox>
  /** What a command in the sandbox prints. */
  run(sandbox: Sandbox, command: string): Promise<string>
  /** What is left of this world. */
  ledger(): { processes: number[]; mounts: string[]; groups: string[]; files: string[] }
  /** The folder of a sandbox's group that has this file. */
  control(id: SandboxId | '', file: string): string
  end(): Promise<void>
}

/** The folder is made with mode 0700, and lies deeper than the path of a socket may be long. */
export async function ociWorld(over: Partial<OciOptions> = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), `dragoman-${'deep-'.repeat(12)}`))
  const uidBase = IDS_FROM + randomInt(100_000) * IDS_PER_WORLD
  const options: OciOptions = {
    runtime: 'runc',
    stateDir: join(folder, 'below', 'sandboxes'),
    agentPath: AGENT,
    instance: randomBytes(4).toString('hex'),
    uidBase,
    sandboxesMax: 120,
    ...over,
  }
  const slice = `dragoman-${options.instance}`
  return {
    options,
    open: () => ociSandboxes(options),
    async start(sandboxes, limits = {}, id = newId(), foundation) {
      const started = await sandboxes.start(
        id,
        { limits: { ...DEFAULT_LIMITS, ...limits }, ...(foundation && { foundation }) },
        AbortSignal.timeout(30_000),
      )
      if (!started.ok) throw new Error(JSON.stringify(started.error))
      return started.value
    },
    async run(sandbox, command) {
      const { outcomes } = await runTasks(sandbox, [command], AbortSignal.timeout(20_000))
      return outcomes[0]?.output.trim() ?? ''
    },
    ledger: () => ({
      processes: [...new Set([...pidsOf(uidBase, uidBase + IDS_PER_WORLD), ...pidsBelow(groupBelow(findCgroups(), slice))])],
      mounts: readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .filter((line) => line.includes(folder)),
      groups: globSync(`/sys/fs/cgroup/**/${slice}`),
      files: existsSync(options.stateDir) ? readdirSync(options.stateDir) : [],
    }),
    control(id, file) {
      const group = groupBelow(findCgroups(), join(slice, id)).find((candidate) => existsSync(join(candidate, file)))
      return readFileSync(join(group ?? '/nonexistent', file), 'utf8').trim()
    },
    end: () => rm(folder, { recursive: true }),
  }
}

export const NOTHING = { processes: [], mounts: [], groups: [], files: [] }

export function newId(): SandboxId {
  const id = sandboxId(`sb${randomBytes(10).toString('hex')}`)
  if (!id) throw new Error('Cannot name a sandbox')
  return id
}

/** Living processes: a corpse waits for whoever is process 1 of the machine, and holds nothing. */
function pidsOf(from: number, to: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      const uid = pid > 0 && processOf(pid) ? ownerOf(pid) : -1
      return from <= uid && uid < to
    })
}

/** In the groups of sandboxes: not every runtime's processes have an id of ours. */
function pidsBelow(slice: readonly string[]): number[] {
  const groups = slice.flatMap((folder) => groupsIn(folder).map((name) => join(folder, name)))
  return groups.flatMap(pidsIn).filter((pid) => processOf(pid))
}

function ownerOf(pid: number): number {
  try {
    return statSync(`/proc/${pid}`).uid
  } catch {
    return -1 // gone meanwhile
  }
}
