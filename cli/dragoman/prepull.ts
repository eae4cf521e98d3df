import { prepullSpec } from '#lib/adapters/kubernetes/prepull-spec.ts'

import { jsonResult, note } from './print.ts'
import { withWorkshop } from './workshop.ts'

/** Of all languages a few are asked for most of the time; an image is some hundred MB. */
const IMAGES = 20
/** Tastes change slower. */
const DAYS = 14
/** Where what looks after nodes is. */
const NAMESPACE = 'dragoman-nodes'

/** Prints a DaemonSet for `kubectl apply` that has nodes fetch what is asked for most. */
export async function prepull(): Promise<number> {
  const { used, registry } = await withWorkshop(async ({ questions, config }) => ({
    used: await questions.mostUsed(DAYS, IMAGES),
    registry: config.imageRegistry ?? (config.registryUrl && new URL(config.registryUrl).host),
  }))
  if (!registry) return refused('neither DRAGOMAN_IMAGE_REGISTRY nor DRAGOMAN_REGISTRY_URL says where nodes fetch images')
  if (used.length === 0) return refused('no language is deployed')
  jsonResult(prepullSpec(used, registry, NAMESPACE))
  return 0
}

function refused(why: string): number {
  note(`dragoman: prepull: ${why}`)
  return 1
}
