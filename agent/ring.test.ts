import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { Ring } from './ring.ts'

/** All held bytes, put together from as many views as it takes. */
function held(ring: Ring, max = Infinity): number[] {
  const bytes: number[] = []
  for (let at = ring.start; at < ring.end;) {
    const view = ring.view(at, max)
    bytes.push(...view)
    at += view.length
  }
  return bytes
}

test('it holds the last bytes of all that was appended, under their offsets', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), pieces, fc.integer({ min: 1, max: 9 }), (size, pieces, max) => {
      const ring = new Ring(size)
      for (const piece of pieces) ring.append(piece)
      const all = pieces.flatMap((piece) => [...piece])

      expect({ start: ring.start, end: ring.end }).toEqual({ start: Math.max(0, all.length - size), end: all.length })
      expect(held(ring, max)).toEqual(all.slice(-size))
    }),
  )
})
