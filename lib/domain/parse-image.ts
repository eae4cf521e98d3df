import { type ImageConfig, imageConfig, type ImageManifest, imageManifest, MANIFEST_BYTES_MAX } from './oci-image.ts'
import { err, ok, type Result } from './result.ts'

export type BadManifest = { readonly code: 'bad_manifest'; readonly why: string }
export type BadConfig = { readonly code: 'bad_config'; readonly why: string }

export function parseManifest(bytes: Uint8Array): Result<ImageManifest, BadManifest> {
  if (bytes.length > MANIFEST_BYTES_MAX) return err({ code: 'bad_manifest', why: `more than ${MANIFEST_BYTES_MAX} bytes` })
  const parsed = imageManifest.safeParse(json(bytes))
  return parsed.success ? ok(parsed.data) : err({ code: 'bad_manifest', why: wordsOf(parsed.error.issues) })
}

export function parseImageConfig(bytes: Uint8Array): Result<ImageConfig, BadConfig> {
  if (bytes.length > MANIFEST_BYTES_MAX) return err({ code: 'bad_config', why: `more than ${MANIFEST_BYTES_MAX} bytes` })
  const parsed = imageConfig.safeParse(json(bytes))
  return parsed.success ? ok(parsed.data) : err({ code: 'bad_config', why: wordsOf(parsed.error.issues) })
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string }
const wordsOf = (issues: readonly Issue[]) =>
  issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.map(String).join('.') || 'it'}: ${message}`)
    .join('; ')
