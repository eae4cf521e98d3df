import { createHash } from 'node:crypto'
import { type Duplex, duplexPair } from 'node:stream'

import type { Meter, Sandbox, SandboxExit, Sandboxes, SandboxNeeds } from '#lib/application/ports/sandboxes.ts'
import type { SandboxId } from '#lib/domain/ids.ts'
import { err, ok } from '#lib/domain/result.ts'

import { memoryAgent, type MemoryAgent } from './agent.ts'

export type MemorySandboxes = Sandboxes & {
  running(): SandboxId[]
  /** How many there ever were. */
  started(): number
  agent(id: SandboxId): MemoryAgent
  keyOf(id: SandboxId): string
  /** Ends the connections to its agent, which does not notice. */
  cut(id: SandboxId): void
  /** Whose claims were noted. */
  noted(): readonly SandboxId[]
  /** What it was started with. */
  needs(id: SandboxId): SandboxNeeds | undefined
  /** As if its last process had died. */
  die(id: SandboxId, exit: SandboxExit): void
  /** What the kernel will have counted. */
  counts(meter: Partial<Meter>): void
}

/** Sandboxes of one process with agents that run nothing. */
export function memorySandboxes({
  room = Infinity,
  canary = 'blocked' as 'blocked' | 'open',
  agent = () => memoryAgent({ canary }),
  isTolerated = false,
  isWalled = false,
} = {}): MemorySandboxes {
  const lines = new Map<SandboxId, Duplex[]>()
  type Entry = { sandbox: Sandbox; needs: SandboxNeeds; agent: MemoryAgent; exit: (exit: SandboxExit) => void }
  const all = new Map<SandboxId, Entry>()
  const noted: SandboxId[] = []
  let started = 0
  let meter: Meter = { cpuMs: 1, peakBytes: 1, oomKills: 0, forksRefused: 0 }

  function make(id: SandboxId, needs: SandboxNeeds): Entry {
    let exit: (exit: SandboxExit) => void = () => {}
    const exited = new Promise<SandboxExit>((done) => (exit = done))
    const own = agent()
    started++
    const gone = (how: SandboxExit) => {
      if (!all.delete(id)) return
      exit(how)
    }
    const sandbox: Sandbox = {
      id,
      key: createHash('sha256').update(id).digest('hex'),
      ...(isTolerated && { canary: 'tolerated' as const }),
      ...(isWalled && { canary: { targets: ['10.0.0.1:10250'] } }),
      exited,
      async dial(signal) {
        signal.throwIfAborted()
        if (!all.has(id)) throw new Error(`Cannot dial sandbox "${id}": it is gone`)
        const [ours, theirs] = duplexPair()
        own.connect(theirs)
        lines.set(id, [...(lines.get(id) ?? []), ours])
        return ours
      },
      mark: async () => {},
      claimed: async () => void noted.push(id),
      read: async () => meter,
      destroy: async () => gone({ reason: 'killed' }),
    }
    return { sandbox, needs, agent: own, exit: gone }
  }

  return {
    running: () => [...all.keys()],
    started: () => started,
    agent: (id) => (all.get(id) as Entry).agent,
    noted: () => noted,
    keyOf: (id) => (all.get(id) as Entry).sandbox.key,
    cut: (id) => lines.get(id)?.forEach((line) => line.destroy()),
    needs: (id) => all.get(id)?.needs,
    die: (id, how) => all.get(id)?.exit(how),
    counts: (counted) => void (meter = { ...meter, ...counted }),
    async start(id, needs, signal) {
      signal.throwIfAborted()
      const there = all.get(id)
      if (there) return ok(there.sandbox)
      if (all.size >= room) return err({ code: 'no_room' })
      const entry = make(id, needs)
      all.set(id, entry)
      return ok(entry.sandbox)
    },
    adopt: async (id, key) => (all.get(id)?.sandbox.key === key ? all.get(id)?.sandbox : undefined),
    async sweep(keep) {
      const strays = [...all.values()].filter(({ sandbox }) => !keep.has(sandbox.id))
      for (const { sandbox } of strays) await sandbox.destroy()
      return strays.length
    },
    async close() {
      for (const { sandbox } of [...all.values()]) await sandbox.destroy()
    },
  }
}
