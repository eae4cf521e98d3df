import type { Digest } from './digest.ts'
import type { LangId } from './ids.ts'
import { type ObjectKey, objectKey } from './object-key.ts'

/** Where a language's package is kept. */
export function packageKey(lang: LangId, digest: Digest): ObjectKey {
  const key = objectKey(`packages/${lang}/${digest.replace('sha256:', '')}.deb`)
  if (!key.ok) throw new Error(`Cannot keep a package as "${key.error.key}"`) // ids and digests have no other characters
  return key.value
}
