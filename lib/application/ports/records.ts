import type { EndReason } from '#lib/domain/ending.ts'
import type { LangId, SandboxId, SessionId } from '#lib/domain/ids.ts'

/** What must be known of a session to find it again after a restart, on any replica. */
export type SessionRecord = {
  readonly id: SessionId
  readonly lang: LangId
  readonly sandbox: SandboxId
  readonly sandboxKey: string
  /** sha256 of the visitor's token, hex. */
  readonly tokenHash: string
  readonly epoch: number
  readonly startedAt: Date
  readonly lifeEndsAt: Date
}

export type MemberRecord = {
  readonly sandbox: SandboxId
  readonly key: string
  /** The language whose prompt is open in it; undefined for one that takes any. */
  readonly lang: LangId | undefined
}

/**
 * Sessions, pool members and leases. Every call rejects when the store cannot be reached within its time limit; a
 * session in progress never depends on one.
 */
export interface Records {
  sessionOpened(record: SessionRecord): Promise<void>
  /** May be repeated; the first reason stays. */
  sessionEnded(id: SessionId, reason: EndReason): Promise<void>
  liveSessions(): Promise<readonly SessionRecord[]>
  memberReady(member: MemberRecord): Promise<void>
  /**
   * Takes the oldest free member of this kind for the session, by one statement (`FOR UPDATE SKIP LOCKED`): two callers
   * never get the same. Undefined when none is free.
   */
  lease(lang: LangId | undefined, session: SessionId): Promise<SandboxId | undefined>
  memberGone(sandbox: SandboxId): Promise<void>
  /** Forgets every member; at start, since members do not outlive their server. */
  forgetMembers(): Promise<void>
  /** Rejects when the store does not answer. */
  ping(): Promise<void>
}
