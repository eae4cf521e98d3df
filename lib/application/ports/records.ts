import type { EndReason } from '#lib/domain/ending.ts'
import type { LangId, SandboxId, SessionId } from '#lib/domain/ids.ts'
import type { Result } from '#lib/domain/result.ts'
import type { Visitor } from '#lib/domain/turns.ts'

import type { Places } from './places.ts'

/** What must be known of a session to find it again after a restart, on any replica. */
export type SessionRecord = {
  readonly id: SessionId
  readonly lang: LangId
  readonly sandbox: SandboxId
  readonly sandboxKey: string
  /** Where its agent is dialled; undefined on one machine. */
  readonly address?: string
  /** sha256 of the visitor's token, hex. */
  readonly tokenHash: string
  /** From 1, one more for each replica that took it over. */
  readonly epoch: number
  /** The replica that has it. */
  readonly owner: string
  readonly startedAt: Date
  readonly lifeEndsAt: Date
}

/** As whom it counts, where servers count together: kept until a minute after it began or its end, whichever is later. */
export type OpenedRecord = SessionRecord & { readonly visitor?: Visitor }

/** A sandbox for a pool that is to be started. */
export type MemberWish = {
  readonly sandbox: SandboxId
  /** The language whose prompt will be open in it; undefined for one that takes any. */
  readonly lang: LangId | undefined
  /** What it stands on and starts, as at most 64 characters; only a lease that says the same gets it. */
  readonly keptAs: string
  /** The replica that starts it. */
  readonly owner: string
}
export type MemberRecord = MemberWish & { readonly key: string; readonly address?: string }

/** How many members there may be, those that are being started included and leased ones not. */
export type MemberBounds = {
  /** Of this kind and this replica. */
  readonly own: number
  /** Of this kind and all replicas; where `own` allows more there may be more. */
  readonly all: number
  /** Of every kind and all replicas, whatever the other two say. */
  readonly total: number
}

export type LeaseAsk = {
  readonly lang: LangId | undefined
  readonly keptAs: string
  readonly session: SessionId
  readonly owner: string
}

export type SessionRefused =
  | { readonly code: 'no_session' }
  | { readonly code: 'bad_token' }
  | { readonly code: 'session_ended'; readonly reason: string }

/** How far a replica's heart has beaten. */
export type Beats = { readonly name: string; readonly beats: number }

/**
 * Sessions, pool members and leases, and the replicas that share them. Every call rejects when the store cannot be reached
 * within its time limit; a session in progress never depends on one.
 */
export interface Records extends Places {
  /** Its sandbox is no pool member from then on, and its place is the session's. May be repeated. */
  sessionOpened(record: OpenedRecord): Promise<void>
  /** May be repeated; the first reason stays. */
  sessionEnded(id: SessionId, reason: EndReason): Promise<void>
  /** Whether it is live, and nobody has taken it over since this epoch. */
  sessionIsHeld(id: SessionId, epoch: number): Promise<boolean>
  /** Makes a live session this replica's, at an epoch above all before; one statement decides between several that ask. */
  takeSession(id: SessionId, tokenHash: string, owner: string): Promise<Result<SessionRecord, SessionRefused>>
  /** The same for at most so many live sessions of these replicas, or of everybody else. No two that ask get the same. */
  takeOrphans(owner: string, of: readonly string[] | 'everybody', max: number): Promise<readonly SessionRecord[]>
  /** Ends as `lost` what is live beyond its own end by more than this: no server has it, or it would have ended it. */
  expireSessions(afterEndMs: number): Promise<void>
  /** A place for a member to be started, when the bounds leave one; however many ask at once, they are never exceeded. */
  reserveMember(wish: MemberWish, bounds: MemberBounds): Promise<boolean>
  /** It may be leased from then on. May be repeated. */
  memberReady(member: MemberRecord): Promise<void>
  /**
   * Takes a free member of this kind for the session, the replica's own first, then the oldest, by one statement (`FOR UPDATE
   * SKIP LOCKED`): two callers never get the same. Undefined when none is free.
   */
  lease(ask: LeaseAsk): Promise<MemberRecord | undefined>
  /** May be repeated. False when it is another replica's by now: then nothing is done, and nothing may be done to it. */
  memberGone(sandbox: SandboxId, owner: string): Promise<boolean>
  /** The free members of these replicas are this one's from then on; what they had leased or reserved is forgotten. */
  takeMembers(owner: string, of: readonly string[]): Promise<readonly MemberRecord[]>
  /** Forgets places that nothing came of, and leases that no session came of, when they are older than this. */
  expireMembers(olderThanMs: number): Promise<void>
  /** Forgets every member; at the start of a server that is alone, since its members do not outlive it. */
  forgetMembers(): Promise<void>
  /** Every sandbox that is a live session's or a member: all others are nobody's. */
  ledger(): Promise<ReadonlySet<SandboxId>>
  /** One beat of this replica's heart; answers how far each one's has beaten. */
  beat(name: string): Promise<readonly Beats[]>
  /** Forgets those of these replicas that have neither a live session nor a member, and the places that they asked for. */
  forgetReplicas(names: readonly string[]): Promise<void>
  /** Rejects when the store does not answer. */
  ping(): Promise<void>
}
