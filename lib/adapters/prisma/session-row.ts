import type { OpenedRecord, SessionRecord } from '#lib/application/ports/records.ts'
import type { LangId, SandboxId, SessionId } from '#lib/domain/ids.ts'
import { Prisma } from '../../../prisma/generated/client.ts'

/** What is asked for of a session, under the names of its row's fields. */
export const LIVE_COLUMNS = Prisma.sql`id, lang, sandbox, sandbox_key AS "sandboxKey", address, token_hash AS "tokenHash",
  epoch, owner, started_at AS "startedAt", life_ends_at AS "lifeEndsAt"`

export type LiveRow = Omit<SessionRecord, 'id' | 'lang' | 'sandbox' | 'address'> & {
  readonly id: string
  readonly lang: string
  readonly sandbox: string
  readonly address: string | null
}

export function sessionRow(record: OpenedRecord): Prisma.SessionCreateManyInput {
  const { id, lang, sandbox, sandboxKey, address, tokenHash, epoch, owner, startedAt, lifeEndsAt, visitor } = record
  const counted = { visitor: visitor?.address ?? null, network: visitor?.network ?? null }
  return { id, lang, sandbox, sandboxKey, address: address ?? null, tokenHash, epoch, owner, startedAt, lifeEndsAt, ...counted }
}

/** The casts are safe: only `sessionOpened` writes these columns, from a record whose ids were checked. */
export function sessionRecord({ id, lang, sandbox, address, ...row }: LiveRow): SessionRecord {
  const ids = { id: id as SessionId, lang: lang as LangId, sandbox: sandbox as SandboxId }
  return { ...row, ...ids, ...(address !== null && { address }) }
}
