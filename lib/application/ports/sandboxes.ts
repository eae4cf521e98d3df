import type { Duplex } from 'node:stream'

import type { Foundation } from '#lib/domain/foundation.ts'
import type { SandboxId } from '#lib/domain/ids.ts'
import type { Limits } from '#lib/domain/limits.ts'
import type { Result } from '#lib/domain/result.ts'
import type { Canary } from '#lib/protocol/agent.ts'

export type SandboxRefused = { readonly code: 'no_room' } | { readonly code: 'start_failed'; readonly why: string }

/** How a sandbox came to its end. `why` is for the log, never for a visitor. */
export type SandboxExit = { readonly reason: 'quit' | 'memory' | 'killed' | 'lost'; readonly why?: string }

/** What the kernel counted in a sandbox since {@link Sandbox.mark}. */
export type Meter = {
  readonly cpuMs: number
  readonly peakBytes: number
  /** Processes killed for want of memory. */
  readonly oomKills: number
  /** Forks refused at the limit of processes. */
  readonly forksRefused: number
}

export interface Sandbox {
  readonly id: SandboxId
  /** Says its sha256 to the agent at start; the server keeps it to dial. */
  readonly key: string
  /** `ip:port` of its agent, by which any server may adopt it; undefined where only the machine it is on can dial it. */
  readonly address?: string
  /**
   * What its agent must fail to reach, where the network is walled off; absent where there is none at all. `tolerated`: an
   * operator said by name that there is no wall.
   */
  readonly canary?: Canary | 'tolerated'
  /** Its ids are said to be nobody's outside, which its agent can see: one that finds the machine's own is not trusted. */
  readonly ownIds?: boolean
  /** Opens a connection to the agent. May be called again; the agent keeps the newest. Rejects when it cannot within the signal. */
  dial(signal: AbortSignal): Promise<Duplex>
  /** Begins a measurement: peak and counters count from here. */
  mark(): Promise<void>
  /** Since the last mark; undefined where the runtime cannot tell. */
  read(): Promise<Meter | undefined>
  /** Settles once, when every process in the sandbox is gone. */
  readonly exited: Promise<SandboxExit>
  /** Ends everything in it by SIGKILL and removes what was made for it. May be repeated. */
  destroy(): Promise<void>
  /**
   * Notes outside that it is somebody's now, who may use what the language is given, where there is such a place. Never awaited
   * by whoever waits for a prompt.
   */
  claimed?(limits: Limits): Promise<void>
}

/** How far a start has come, where starting has stages. */
export type StartPhase = 'scheduling' | 'pulling' | 'starting'

export type SandboxNeeds = {
  readonly limits: Limits
  /** Without one it stands on the machine's own programs. One that is not here yet may be fetched first. */
  readonly foundation?: Foundation
  /** Started ahead, as a member of this kind of a pool: it comes after those that somebody waits for. */
  readonly ahead?: string
  /** Told of each stage once. */
  readonly phase?: (phase: StartPhase) => void
}

/** Places where one session's programs run. */
export interface Sandboxes {
  /** Starting twice under one id is one sandbox. The sandbox is up when its agent can be dialled. */
  start(id: SandboxId, needs: SandboxNeeds, signal: AbortSignal): Promise<Result<Sandbox, SandboxRefused>>
  /** A sandbox that another process of ours started and that still runs. With its address nobody else is asked whether it does. */
  adopt(id: SandboxId, key: string, address?: string): Promise<Sandbox | undefined>
  /** Ends and removes every sandbox that is ours and not in `keep`; answers how many there were. */
  sweep(keep: ReadonlySet<SandboxId>): Promise<number>
  /** On one machine destroys all: nothing of ours is left on it. On a cluster they go on, for other servers. */
  close(): Promise<void>
}
