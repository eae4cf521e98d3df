import fc from 'fast-check'
import { expect, test } from 'vitest'

import { INPUT_BYTES_MAX, INPUT_WINDOW_BYTES } from '#lib/protocol/sizes.ts'

import { HELD_INPUT_BYTES_MAX, inputBuffer } from './input-buffer.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function world() {
  const sent: [number, string][] = []
  const sizes: number[] = []
  const input = inputBuffer((offset, piece) => {
    sizes.push(piece.length)
    sent.push([offset, new TextDecoder().decode(piece)])
  })
  return { input, sent, sizes }
}

test('what is typed before the connection stands goes out when it does', () => {
  const { input, sent } = world()
  input.push(bytes('1+'))
  input.push(bytes('1\r'))
  expect(sent).toEqual([])

  input.resume(0)

  expect(sent).toEqual([
    [0, '1+'],
    [2, '1\r'],
  ])
})

test('after a lost connection the terminal gets what it lacks, and nothing twice', () => {
  const { input, sent } = world()
  input.resume(0)
  input.push(bytes('abcdef'))
  input.acked(2)
  input.pause()
  input.push(bytes('gh'))
  sent.length = 0

  input.resume(4)

  expect(sent).toEqual([
    [4, 'ef'],
    [6, 'gh'],
  ])
  expect(input.base).toBe(4)
})

test('after a reload typing goes on where the terminal stands', () => {
  const { input, sent } = world()
  input.push(bytes('x'))

  input.resume(900)

  expect(sent).toEqual([[900, 'x']])
})

test('exactly the window is on the way, the rest follows what is taken in', () => {
  const { input, sizes } = world()
  input.resume(0)
  input.push(new Uint8Array(INPUT_WINDOW_BYTES + 10))
  expect(sizes.reduce((a, b) => a + b, 0)).toBe(INPUT_WINDOW_BYTES)

  input.acked(4)
  expect(sizes.at(-1)).toBe(4)

  input.acked(INPUT_WINDOW_BYTES)
  expect(sizes.at(-1)).toBe(6)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(INPUT_BYTES_MAX)
})

test('it holds its limit to the byte and refuses one more', () => {
  const { input } = world()

  expect(input.push(new Uint8Array(HELD_INPUT_BYTES_MAX))).toBe(true)
  expect(input.push(new Uint8Array(1))).toBe(false)
  input.resume(0)
  input.acked(1)
  expect(input.push(new Uint8Array(1))).toBe(true)
})

test('whatever is cut and acknowledged in whatever order, the terminal reads what was typed', () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), text: fc.string({ unit: 'binary-ascii', maxLength: 50 }) }),
    fc.record({ kind: fc.constant('take' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ kind: fc.constant('break' as const) }),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      let terminal = ''
      let typed = ''
      const onWire: [number, Uint8Array][] = []
      const input = inputBuffer((offset, piece) => onWire.push([offset, piece]))
      const deliver = () => {
        for (const [offset, piece] of onWire.splice(0)) {
          expect(offset).toBeLessThanOrEqual(terminal.length) // never a gap
          terminal += new TextDecoder().decode(piece.subarray(terminal.length - offset))
        }
      }
      input.resume(0)
      for (const one of acts) {
        if (one.kind === 'push') {
          typed += one.text
          input.push(bytes(one.text))
        } else if (one.kind === 'take') {
          deliver()
          input.acked(Math.floor(terminal.length * one.share))
        } else {
          onWire.splice(Math.floor(onWire.length / 2)) // the connection breaks, half of what is on the way is lost
          deliver()
          input.pause()
          input.resume(terminal.length)
        }
      }
      deliver()
      expect(terminal).toBe(typed)
    }),
  )
})
