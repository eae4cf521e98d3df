import { err, ok, type Result } from './result.ts'

declare const checked: unique symbol

/** Where an object is kept, e.g. `logs/2026/ab12.log`. Safe as a path and as an S3 key. Made only by {@link objectKey}. */
export type ObjectKey = string & { readonly [checked]: true }

export type BadObjectKey = { readonly code: 'bad_object_key'; readonly key: string }

export const KEY_SEGMENTS_MAX = 8
const KEY_SHOWN_MAX = 100
/** A segment begins with a letter or digit, so none is hidden, `.` or `..`. */
const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/

export function objectKey(text: string): Result<ObjectKey, BadObjectKey> {
  const segments = text.split('/', KEY_SEGMENTS_MAX + 1)
  const isKey = segments.length <= KEY_SEGMENTS_MAX && segments.every((segment) => SEGMENT.test(segment))
  // The one cast: every segment was just checked.
  return isKey ? ok(text as ObjectKey) : err({ code: 'bad_object_key', key: text.slice(0, KEY_SHOWN_MAX) })
}
