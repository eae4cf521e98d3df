import { buffer } from 'node:stream/consumers'

import type { BuildLogs, LogChunk, LoggedAttempt, LogPage } from '#lib/application/ports/build-logs.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import type { AttemptKey } from '#lib/domain/build.ts'
import { cursorIn, type LogCursor } from '#lib/domain/log-cursor.ts'
import { cutLine } from '#lib/domain/log-sizes.ts'
import { type ObjectKey, objectKey } from '#lib/domain/object-key.ts'

/** What is read of a finalised log at a time. */
const PIECE_BYTES = 256 * 1024

export function logKey({ build, step, number }: AttemptKey): ObjectKey {
  const key = objectKey(`logs/${build}/${step}.${number}.log`)
  if (!key.ok) throw new Error(`Cannot keep a log as "${key.error.key}"`)
  return key.value
}

/** A log as it is kept: its text, and one line where the middle was taken out. */
export async function* logText(logs: Pick<BuildLogs, 'chunks'>, attempt: AttemptKey): AsyncGenerator<Uint8Array> {
  let at = 0
  for await (const { begins, bytes } of logs.chunks(attempt)) {
    if (begins > at) yield Buffer.from(cutLine(begins - at))
    yield bytes
    at = begins + bytes.length
  }
}

/** The page with what its attempt's log holds, when that was finalised. */
export async function withObject(objects: Pick<ObjectStore, 'get'>, page: LogPage, cursor: LogCursor): Promise<LogPage> {
  const { attempt } = page
  if (!attempt?.object) return page
  const from = cursorIn(cursor, attempt) === 'in' ? Math.max(cursor.at, 0) : 0
  return { ...page, chunks: await readPiece(objects, attempt, from) }
}

/** A piece of a finalised log from an offset on, with its place in the log as it was written. */
async function readPiece(
  objects: Pick<ObjectStore, 'get'>,
  { object, cut, bytes: size }: LoggedAttempt,
  at: number,
): Promise<readonly LogChunk[]> {
  const begins = cut && at >= cut.from ? Math.max(at, cut.to) : at
  if (!object || begins >= size) return []
  const end = Math.min(begins + PIECE_BYTES, cut && begins < cut.from ? cut.from : size)
  const moved = cut && begins >= cut.to ? Buffer.byteLength(cutLine(cut.to - cut.from)) - (cut.to - cut.from) : 0
  const found = await objects.get(object.key, { from: begins + moved, to: end + moved })
  if (!found) throw new Error(`Cannot read a log: "${object.key}" is not in the object store`)
  return [{ begins, bytes: await buffer(found.bytes) }]
}
