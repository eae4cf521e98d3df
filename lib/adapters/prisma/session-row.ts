import type { SessionRecord } from '#lib/application/ports/records.ts'
import type { LangId, SandboxId, SessionId } from '#lib/domain/ids.ts'
import type { Prisma } from '../../../prisma/generated/client.ts'

/** What is asked for of a session. */
export const liveRow = {
  id: true,
  lang: true,
  sandbox: true,
  sandboxKey: true,
  tokenHash: true,
  epoch: true,
  startedAt: true,
  lifeEndsAt: true,
} as const satisfies Prisma.SessionSelect

type LiveRow = Prisma.SessionGetPayload<{ select: typeof liveRow }>

export function sessionRow(record: SessionRecord): Prisma.SessionCreateInput {
  const { id, lang, sandbox, sandboxKey, tokenHash, epoch, startedAt, lifeEndsAt } = record
  return { id, lang, sandbox, sandboxKey, tokenHash, epoch, startedAt, lifeEndsAt }
}

/** The casts are safe: only `sessionOpened` writes these columns, from a record whose ids were checked. */
export function sessionRecord(row: LiveRow): SessionRecord {
  return { ...row, id: row.id as SessionId, lang: row.lang as LangId, sandbox: row.sandbox as SandboxId }
}
