import type { LayerFacts, Layers } from '#lib/application/ports/layers.ts'
import type { LayerLimits } from '#lib/domain/layer-entry.ts'
import { type LayerRules, layerRules } from '#lib/domain/layer-rules.ts'
import type { ImageManifest } from '#lib/domain/oci-image.ts'

/** The bases in use, and some images on them; each costs some megabytes. */
const KNOWN_MAX = 4

type Known = { readonly facts: readonly LayerFacts[]; readonly rules: LayerRules }

/**
 * What reading the first layers of an image has shown, so that a base is read once and not with every image on it. They are
 * known by digest and size under the same limits, and stores check the bytes against both whenever they give them out.
 */
function knownLayers() {
  const known = new Map<string, Known>()
  const keyOf = (layers: ImageManifest['layers'], limits: LayerLimits) =>
    JSON.stringify([limits, layers.map(({ digest, size }) => [digest, size])])

  return {
    /** As many of the first layers as are known, and the rules as they stand behind them. */
    begin(layers: ImageManifest['layers'], limits: LayerLimits): Known {
      for (let count = layers.length; count > 0; count--) {
        const key = keyOf(layers.slice(0, count), limits)
        const found = known.get(key)
        if (!found) continue
        known.delete(key)
        known.set(key, found)
        return { facts: found.facts, rules: found.rules.copy() }
      }
      return { facts: [], rules: layerRules(limits) }
    },
    /** That these layers are good. */
    keep(layers: ImageManifest['layers'], limits: LayerLimits, { facts, rules }: Known): void {
      known.set(keyOf(layers, limits), { facts: [...facts], rules: rules.copy() })
      for (const oldest of known.keys()) {
        if (known.size <= KNOWN_MAX) break
        known.delete(oldest)
      }
    },
  }
}

const ofLayers = new WeakMap<Layers, ReturnType<typeof knownLayers>>()

/** One memory for all who read with the same reader. */
export function knownTo(layers: Layers): ReturnType<typeof knownLayers> {
  const there = ofLayers.get(layers) ?? knownLayers()
  ofLayers.set(layers, there)
  return there
}
