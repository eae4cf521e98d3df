import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { INPUT_WINDOW_BYTES } from '#lib/protocol/sizes.ts'

import { Input, TELL_BYTES, TELL_MS } from './input.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A program that takes `room` bytes and then none. */
function world(room = Infinity) {
  const acks: number[] = []
  const program = {
    room,
    text: '',
    write(bytes: Uint8Array) {
      const taken = bytes.subarray(0, Math.min(bytes.length, this.room))
      this.room -= taken.length
      this.text += Buffer.from(taken).toString('latin1')
      return taken.length
    },
  }
  const input = new Input((offset) => acks.push(offset))
  input.open(program)
  return { input, program, acks, type: (offset: number, text: string) => input.push(offset, Buffer.from(text)) }
}

const fine = { ok: true, value: undefined }

test('what comes twice is taken once, and acknowledged at once', () => {
  const { input, program, acks, type } = world()
  type(0, 'abc')
  type(1, 'bcde')
  expect(acks).toEqual([])
  type(0, 'abc')
  expect({ text: program.text, acks, end: input.end }).toEqual({ text: 'abcde', acks: [5], end: 5 })
  vi.runAllTimers()
  expect(acks).toEqual([5])
})

test('keys are acknowledged together, a moment after the first', () => {
  const { acks, type } = world()
  type(0, 'a')
  vi.advanceTimersByTime(TELL_MS - 1)
  type(1, 'b')
  expect(acks).toEqual([])
  vi.advanceTimersByTime(1)
  expect(acks).toEqual([2])
  type(2, 'c')
  vi.advanceTimersByTime(TELL_MS)
  expect(acks).toEqual([2, 3])
})

test('a paste is acknowledged while it is taken', () => {
  const { acks, type } = world()
  type(0, 'x'.repeat(TELL_BYTES))
  type(TELL_BYTES, 'x'.repeat(TELL_BYTES - 1))
  expect(acks).toEqual([TELL_BYTES])
  vi.runAllTimers()
  expect(acks).toEqual([TELL_BYTES, 2 * TELL_BYTES - 1])
})

test('a gap is refused and changes nothing', () => {
  const { input, type } = world()
  expect(type(1, 'x')).toEqual({ ok: false, error: { code: 'gap' } })
  expect(input.end).toBe(0)
})

test('64 KiB wait for a program that does not read; a byte more is refused', () => {
  const { type } = world(0)
  expect(type(0, 'x'.repeat(INPUT_WINDOW_BYTES))).toEqual(fine)
  expect(type(INPUT_WINDOW_BYTES, 'x')).toEqual({ ok: false, error: { code: 'input_full' } })
})

test('a program that reads late gets all of it, in order', () => {
  const { program, acks, type } = world(2)
  type(0, 'abc')
  type(3, 'def')
  vi.advanceTimersByTime(TELL_MS)
  expect({ text: program.text, acks }).toEqual({ text: 'ab', acks: [2] })

  program.room = Infinity
  vi.runAllTimers()
  expect({ text: program.text, acks }).toEqual({ text: 'abcdef', acks: [2, 6] })
})

test('without a program input is dropped and acknowledged; nothing meant for one reaches the next', () => {
  const { input, acks, type } = world(0)
  type(0, 'abc')
  const next = world()
  input.open(next.program)
  type(3, 'd')
  input.close()
  type(4, 'e')
  vi.runAllTimers()
  expect({ text: next.program.text, acks }).toEqual({ text: 'd', acks: [5] })
})
