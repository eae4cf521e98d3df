import type { BuildImageRefused } from '#lib/application/images/build-image.ts'
import type { BuildPackageRefused } from '#lib/application/images/build-package.ts'
import type { NotOk } from './step-world.ts'

/** How a step ends that could not make what it is for: whose fault it is, in words. `last` is what its log said last. */
export function refusedEnd(refused: BuildPackageRefused | BuildImageRefused, last: string): NotOk {
  switch (refused.code) {
    case 'failed':
      return { outcome: 'failed', reason: ('why' in refused && refused.why) || last || 'The recipe failed and said nothing' }
    case 'unknown_package':
    case 'unsupported_recipe':
    case 'unknown_shared':
    case 'shared_cycle':
    case 'shared_too_deep':
    case 'bad_package':
      return { outcome: 'failed', reason: refused.why }
    case 'timeout':
      return { outcome: 'timeout', reason: 'The recipe took too long' }
    case 'infra':
      return { outcome: 'infra', reason: refused.why, ...('placeLost' in refused && { placeLost: refused.placeLost }) }
    case 'unknown_release':
      return { outcome: 'infra', reason: refused.why }
    case 'base_missing':
    case 'image_missing':
    case 'blob_missing':
      return { outcome: 'infra', reason: 'Part of an image is not where images are kept' }
    case 'wrong_digest':
      return { outcome: 'infra', reason: `Bytes that should be ${refused.expected} are others` }
    case 'bad_manifest':
    case 'bad_config':
      return { outcome: 'failed', reason: `The image is refused: ${refused.why}` }
    case 'bad_layer':
      return { outcome: 'failed', reason: `The image is refused: ${refused.fault.path}: ${refused.fault.why}` }
    default:
      return refused satisfies never
  }
}
