import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { CONTROL_BYTES_MAX, controlFrame, DATA_BYTES_MAX, dataHead, type Frame, FrameReader } from './frame.ts'

const data = (stream: number, offset: number, bytes: Uint8Array) => Buffer.concat([dataHead(stream, offset, bytes.length), bytes])

/** A frame as it was meant, and as it goes over the wire. */
const sent = fc.oneof(
  fc.jsonValue().map((message) => {
    const meant = JSON.parse(JSON.stringify(message)) as unknown // -0 does not survive JSON
    return { frame: { kind: 'control', message: meant } as Frame, wire: controlFrame(message) }
  }),
  fc
    .tuple(
      fc.nat(0xffff),
      fc.maxSafeNat().map((n) => n % 2 ** 48),
      fc.uint8Array({ maxLength: 3000 }),
    )
    .map(([stream, offset, bytes]) => ({
      frame: { kind: 'data', stream, offset, bytes } as Frame,
      wire: data(stream, offset, bytes),
    })),
)

function cut(wire: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0, i = 0; at < wire.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    pieces.push(wire.subarray(at, at + size))
    at += size
  }
  return pieces
}

/** All frames read from the pieces, data bytes as plain arrays so that they compare by value; or why reading failed. */
function read(pieces: readonly Uint8Array[]): Frame[] | string {
  const reader = new FrameReader()
  const frames: Frame[] = []
  for (const piece of pieces) {
    const result = reader.push(piece)
    if (!result.ok) return result.error.why
    frames.push(...result.value)
  }
  return frames.map((frame) => (frame.kind === 'data' ? { ...frame, bytes: Uint8Array.from(frame.bytes) } : frame))
}

const lengthWord = (length: number, kind?: number) => {
  const head = Buffer.alloc(kind === undefined ? 4 : 5)
  head.writeUInt32BE(length, 0)
  if (kind !== undefined) head[4] = kind
  return head
}

test('frames come out as they went in, however the stream is cut', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.array(sent, { maxLength: 12 }), sizes, (frames, sizes) => {
      const wire = Buffer.concat(frames.map(({ wire }) => wire))
      expect(read(cut(wire, sizes))).toEqual(frames.map(({ frame }) => frame))
    }),
  )
})

test('random bytes never throw, and once bad is bad for good', () => {
  const verdicts = (pieces: readonly Uint8Array[]) => {
    const reader = new FrameReader()
    return pieces.map((piece) => reader.push(piece).ok)
  }
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 64 }), { maxLength: 20 }), (pieces) => {
      const oks = verdicts(pieces)
      expect(oks).toEqual(oks.toSorted((a, b) => Number(b) - Number(a)))
    }),
  )
})

describe('bounds', () => {
  test('64 KiB of data pass and one byte more is refused by its length alone', () => {
    expect(read([data(0, 0, new Uint8Array(DATA_BYTES_MAX))])).toHaveLength(1)
    expect(read([dataHead(0, 0, DATA_BYTES_MAX + 1)])).toBe('length')
  })

  test('2 MiB of control pass and one byte more is refused by its length alone', () => {
    const quotes = 2
    expect(read([controlFrame('x'.repeat(CONTROL_BYTES_MAX - quotes))])).toHaveLength(1)
    expect(read([lengthWord(1 + CONTROL_BYTES_MAX + 1, 1)])).toBe('length')
  })

  test('a length beyond both bounds is refused before its kind is there', () => {
    expect(read([lengthWord(0xffff_ffff)])).toBe('length')
    expect(read([lengthWord(0)])).toBe('length')
  })

  test('the largest stream and offset keep their value', () => {
    expect(read([data(0xffff, 2 ** 48 - 1, Uint8Array.of(7))])).toEqual([
      { kind: 'data', stream: 0xffff, offset: 2 ** 48 - 1, bytes: Uint8Array.of(7) },
    ])
  })

  test.each([
    ['an unknown kind', Buffer.concat([lengthWord(2, 3), Buffer.of(0)]), 'kind'],
    ['a data frame without its whole head', Buffer.concat([lengthWord(5, 2), Buffer.alloc(4)]), 'length'],
    ['control that is no JSON', Buffer.concat([lengthWord(2, 1), Buffer.from('{')]), 'json'],
    ['an empty control', lengthWord(1, 1), 'json'],
  ])('%s is refused', (_name, wire, why) => {
    expect(read([wire])).toBe(why)
    expect(read(cut(wire, [1]))).toBe(why)
  })
})

test('a large frame in pieces of 16 bytes is joined once, not once per piece', () => {
  const wire = controlFrame('x'.repeat(1024 * 1024))
  const began = performance.now()

  expect(read(cut(wire, [16]))).toHaveLength(1)
  // Joining at each of the 65,536 pieces would copy 34 GB.
  expect(performance.now() - began).toBeLessThan(2000)
})
