import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { ImageRoots } from '#lib/application/ports/image-roots.ts'
import type { Sandbox, SandboxNeeds, SandboxRefused, Sandboxes } from '#lib/application/ports/sandboxes.ts'
import type { Foundation } from '#lib/domain/foundation.ts'
import { sandboxId, type SandboxId } from '#lib/domain/ids.ts'
import type { Limits } from '#lib/domain/limits.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import { findCgroups, groupsIn, removeGroup } from './cgroups.ts'
import { watchExits } from './exits.ts'
import { gvisorRuntime } from './gvisor-runtime.ts'
import { imageSpaces } from './image-spaces.ts'
import { listenIn } from './listener.ts'
import { meterOf } from './meter.ts'
import { assembleImage, assembleRoot, type MountSpace } from './mount-space.ts'
import { isAlive, kill, openFilesMax, ownOomScore, type ProcessId } from './processes.ts'
import { ociRuntime, type RuntimeName } from './runtime.ts'
import { runningSandbox } from './sandbox.ts'
import { savedSandboxes, type Saved } from './saved.ts'
import { openSlice, rememberSlice } from './slice.ts'

export type OciOptions = {
  readonly runtime: RuntimeName
  /** Where the runtime is, when not on the path under its own name. */
  readonly runtimePath?: string
  /** Absolute; everything on disk is below it. */
  readonly stateDir: string
  readonly agentPath: string
  /** What the set-up brought from npm for the languages; nothing is mounted where it is not there. */
  readonly toolsPath?: string
  /** Without it there are sandboxes on the machine's own programs only. */
  readonly roots?: ImageRoots
  /** Tells this server's groups from another's on the same machine. */
  readonly instance: string
  /** Sandbox number n has the host ids uidBase + 2n and uidBase + 2n + 1. */
  readonly uidBase: number
  /** Whether agent and programs are one id, as in a restricted pod; then the first of the two is nobody's. */
  readonly oneId?: boolean
  readonly sandboxesMax: number
  /** What all sandboxes together may hold of memory; by default a share of the machine's. */
  readonly totalMemoryBytes?: number
}

/** Sandboxes as OCI containers on this machine. */
export async function ociSandboxes(options: OciOptions): Promise<Sandboxes> {
  await mkdir(options.stateDir, { recursive: true, mode: 0o700 })
  const path = options.runtimePath ?? options.runtime
  const cgroups = findCgroups()
  const slice = await openSlice(cgroups, options.instance, options.totalMemoryBytes)
  const toolsPath = options.toolsPath !== undefined && existsSync(options.toolsPath) ? options.toolsPath : undefined
  const machine = await assembleRoot(options.stateDir, options.agentPath, path, toolsPath)
  const images =
    options.roots &&
    imageSpaces(options.roots, ({ rootPath, agentPath }) => assembleImage(rootPath, agentPath, [options.stateDir, path]))
  const runtime =
    options.runtime === 'runsc'
      ? gvisorRuntime(path, options.stateDir, { cgroupVersion: cgroups.version, countsSwap: slice.countsSwap })
      : ociRuntime(path, options.stateDir)
  const saved = await savedSandboxes(join(options.stateDir, 'live'))
  const exits = watchExits()
  const host = {
    ...{ arch: process.arch, openFilesMax: openFilesMax(), oomScoreAdj: ownOomScore(), countsSwap: slice.countsSwap },
    oneId: options.oneId ?? false,
  }
  const slices = await rememberSlice(join(options.stateDir, 'slices.json'), slice.group)

  const live = new Map<SandboxId, Promise<Result<Sandbox, SandboxRefused>>>()
  const places = new Map<SandboxId, number>()
  /** What to call when a sandbox is gone, so that its image may go too. */
  const leaves = new Map<SandboxId, () => void>()
  for (const id of await saved.ids()) {
    const known = await saved.read(id)
    if (!known) continue
    places.set(id, known.place)
    if (known.foundation && known.init && isAlive(known.init)) leaves.set(id, holdRoot(known.foundation))
  }

  function holdRoot(foundation: Foundation): () => void {
    const giveUp = new AbortController()
    const held = options.roots?.hold(foundation, giveUp.signal).catch(() => undefined) // then there is nothing to keep
    return () => {
      giveUp.abort()
      void held?.then((root) => root?.ok && root.value.release())
    }
  }

  /** Where the sandbox's root is; noted to be left when it is gone. */
  async function spaceFor(id: SandboxId, foundation: Foundation | undefined, signal: AbortSignal) {
    if (!foundation) return ok(machine)
    const entered = await images?.enter(foundation, signal)
    if (!entered) return err('there are no images on this machine')
    if (!entered.ok) return err(`image ${foundation.image} with agent ${foundation.agent}: ${JSON.stringify(entered.error)}`)
    leaves.set(id, entered.value.leave)
    return ok(entered.value.space)
  }

  async function launch(
    id: SandboxId,
    { limits, foundation }: SandboxNeeds,
    signal: AbortSignal,
  ): Promise<Result<Sandbox, SandboxRefused>> {
    const earlier = await saved.read(id)
    if (earlier?.init && isAlive(earlier.init)) return err({ code: 'start_failed', why: `"${id}" runs since an earlier process` })
    if (earlier) await clear(earlier)
    const space = await spaceFor(id, foundation, signal)
    if (!space.ok) return err({ code: 'start_failed', why: space.error })

    const place = freePlace(new Set(places.values()))
    places.set(id, place)
    const key = randomBytes(32).toString('hex')
    const { group, cgroupsPath } = slice.below(id)
    const begun: Saved = { id, place, keySha256: sha256(key), group, ...(foundation && { foundation }) }
    try {
      await saved.write(begun)
      const launched = await runBundle(begun, space.value, cgroupsPath, limits, signal)
      if (!launched.ok) {
        await clear(begun)
        return err({ code: 'start_failed', why: launched.error })
      }
      await saved.write({ ...begun, init: launched.value.init })
      return ok(running(begun, launched.value.init, key, launched.value.words))
    } catch (error) {
      await clear(begun)
      throw error
    }
  }

  async function runBundle(begun: Saved, space: MountSpace, cgroupsPath: string, limits: Limits, signal: AbortSignal) {
    const { id, keySha256, group } = begun
    const agent = options.uidBase + 2 * begun.place
    const ids = { agent, visitor: agent + 1 }
    const bundle = saved.folderOf(id)
    const spec = runtime.bundle({ rootPath: space.rootPath, cgroupsPath, ids, keySha256, limits, ...host })
    await writeFile(join(bundle, 'config.json'), JSON.stringify(spec))
    const listener = await listenIn(bundle)
    try {
      const pidFile = join(bundle, 'pid')
      return await runtime.launch({ id, bundle, space, pidFile, listener: listener.fd, group, ids, limits, signal })
    } finally {
      await listener.release()
    }
  }

  function running(known: Saved, init: ProcessId, key: string, words: () => string): Sandbox {
    return runningSandbox({
      saved: known,
      init,
      key,
      words,
      exits,
      folder: saved.folderOf(known.id),
      meter: meterOf(cgroups.version, known.group),
      clear: async () => {
        await clear(known)
        live.delete(known.id)
      },
    })
  }

  /** Removes what a sandbox has on this machine, whether or not it ever came up. */
  async function clear({ id, group }: Pick<Saved, 'id' | 'group'>): Promise<void> {
    if (!(await removeGroup(group))) throw new Error(`Cannot clear sandbox "${id}" away: something in it does not die`)
    await rm(runtime.folderOf(id), { recursive: true, force: true })
    await saved.remove(id)
    places.delete(id)
    leaves.get(id)?.()
    leaves.delete(id)
  }

  /** Every sandbox that has left a trace: what is on disk may have been removed by hand while its group lived on. */
  const known = async () =>
    new Set([...(await saved.ids()), ...slices.flatMap(groupsIn).flatMap((name) => sandboxId(name) ?? [])])

  const sandboxes: Sandboxes = {
    async start(id, needs, signal) {
      signal.throwIfAborted()
      const already = live.get(id)
      if (already) return already
      if (live.size >= options.sandboxesMax) return err({ code: 'no_room' })
      const starting = launch(id, needs, signal)
      live.set(id, starting)
      const started = await starting.catch((error: unknown) => {
        live.delete(id)
        throw error
      })
      if (!started.ok) live.delete(id)
      return started
    },

    async adopt(id, key) {
      const already = await live.get(id)
      if (already?.ok) return already.value
      const left = await saved.read(id)
      if (!left?.init || left.keySha256 !== sha256(key) || !isAlive(left.init)) return undefined
      const sandbox = running(left, left.init, key, () => '')
      live.set(id, Promise.resolve(ok(sandbox)))
      return sandbox
    },

    async sweep(keep) {
      const swept = [...(await known())].filter((id) => !keep.has(id))
      await Promise.all(
        swept.map(async (id) => {
          const started = await live.get(id)
          if (started?.ok) return started.value.destroy()
          const left = await saved.read(id)
          if (left?.init) kill(left.init)
          await clear({ id, group: left?.group ?? slices.map((folder) => join(folder, id)) })
        }),
      )
      return swept.length
    },

    async close() {
      await sandboxes.sweep(new Set())
      exits.close()
      images?.close()
      machine.close()
      await removeGroup(slices)
      for (const name of ['live', 'runtime', 'slices.json'])
        await rm(join(options.stateDir, name), { recursive: true, force: true })
      await rmdir(options.stateDir).catch(() => undefined) // somebody else's file may be in it
    },
  }
  return sandboxes
}

/** The lowest number that nobody has. */
function freePlace(taken: ReadonlySet<number>): number {
  let place = 0
  while (taken.has(place)) place++
  return place
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
