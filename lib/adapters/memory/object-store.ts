import { Readable } from 'node:stream'

import { tally } from '#lib/application/ports/checked-bytes.ts'
import { OBJECT_BYTES_MAX, type ObjectFacts, type ObjectStore } from '#lib/application/ports/object-store.ts'
import type { ObjectKey } from '#lib/domain/object-key.ts'
import { err, ok } from '#lib/domain/result.ts'

/** Objects of one process; `fail(true)` makes every call reject, as a store that is down. */
export function memoryObjectStore({ bytesMax = OBJECT_BYTES_MAX } = {}): ObjectStore & { fail(down: boolean): void } {
  const objects = new Map<ObjectKey, { facts: ObjectFacts; bytes: Buffer }>()
  let isDown = false
  const reach = () => {
    if (isDown) throw new Error('Cannot reach the object store: it is set to fail')
  }
  return {
    fail: (down) => void (isDown = down),
    async put(key, source, { expected, signal, bytesMax: less = bytesMax } = {}) {
      reach()
      const most = Math.min(bytesMax, less)
      const [seen, chunks] = [tally(), new Array<Uint8Array>()]
      for await (const chunk of source) {
        signal?.throwIfAborted()
        seen.take(chunk)
        if (seen.size() > most) return err({ code: 'too_large', bytesMax: most })
        chunks.push(Buffer.from(chunk))
      }
      signal?.throwIfAborted()
      const facts = { key, size: seen.size(), digest: seen.digest() }
      if (expected && expected !== facts.digest) return err({ code: 'wrong_digest', expected, actual: facts.digest })
      reach()
      objects.set(key, { facts, bytes: Buffer.concat(chunks) })
      return ok(facts)
    },
    async get(key, { from, to } = { from: 0 }) {
      reach()
      const found = objects.get(key)
      return found && { facts: found.facts, bytes: Readable.from([found.bytes.subarray(from, to)], { objectMode: false }) }
    },
    async head(key) {
      reach()
      return objects.get(key)?.facts
    },
    async *list(folder) {
      reach()
      for (const { facts } of objects.values()) {
        if (!folder || facts.key.startsWith(`${folder}/`)) yield { key: facts.key, size: facts.size }
      }
    },
    async delete(key) {
      reach()
      objects.delete(key)
    },
    async sweep() {
      reach()
      return 0
    },
  }
}
