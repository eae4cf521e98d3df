import { pipeline, Transform, type Readable } from 'node:stream'

import { tally } from '#lib/application/ports/checked-bytes.ts'
import type { Layers, LayerFacts } from '#lib/application/ports/layers.ts'
import { LAYER_LIMITS, type LayerFault, RATIO_BYTES_MIN } from '#lib/domain/layer-entry.ts'
import type { LayerRules } from '#lib/domain/layer-rules.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { beginIn } from './begin.ts'
import { gunzip } from './gunzip.ts'
import { keepArchive, packFolder } from './pack.ts'
import { readTar } from './read-tar.ts'
import { unpackAll } from './unpack.ts'

/** Layers that are tar archives packed by gzip. What is packed is kept in `workDir` until it is removed. */
export const tarLayers = (workDir: string, { ratioMax } = LAYER_LIMITS): Layers => ({
  pack: (folder, options) => packFolder(folder, workDir, options),
  keep: (archive, signal) => keepArchive(archive, workDir, signal),
  unpack: (layers, options) => unpackAll(layers, workDir, options),
  begin: beginIn(workDir),
  lint: (packed, rules, signal) => lint(packed, rules, ratioMax, signal),
})

async function lint(
  packed: Readable,
  rules: LayerRules,
  ratioMax: number,
  signal?: AbortSignal,
): Promise<Result<LayerFacts, LayerFault>> {
  const unpacked = tally()
  let packedBytes = 0
  const counted = new Transform({
    transform(chunk: Buffer, _, next) {
      packedBytes += chunk.length
      next(null, chunk)
    },
  })
  const archived = gunzip()
  let failure: unknown
  // Destroying one destroys all, so that leaving early lets go of the source.
  pipeline(packed, counted, archived, (error) => void (failure = error))

  async function* archive() {
    for await (const chunk of archived as AsyncIterable<Buffer>) {
      signal?.throwIfAborted()
      unpacked.take(chunk)
      if (unpacked.size() > RATIO_BYTES_MIN && unpacked.size() > packedBytes * ratioMax) throw new Bomb()
      yield chunk
    }
  }
  const before = rules.facts()
  try {
    for await (const entry of readTar(archive())) {
      const fault = entry.ok ? rules.check(entry.value) : entry.error
      if (fault) return err(fault)
    }
  } catch (error) {
    if (error instanceof Bomb) return err({ code: 'bomb', path: '', why: `it unpacks to more than ${ratioMax} times its size` })
    if (isBadGzip(error))
      return err({ code: 'bad_archive', path: '', why: `it is not packed as it should be: ${String(failure)}` })
    throw error
  } finally {
    packed.destroy()
  }
  rules.layerEnds()
  const { entries, bytes } = rules.facts()
  return ok({ diffId: unpacked.digest(), entries: entries - before.entries, bytes: bytes - before.bytes })
}

class Bomb extends Error {}

const isBadGzip = (error: unknown) => error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
