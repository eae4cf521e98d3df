import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { INPUT_WINDOW_BYTES } from '#lib/protocol/sizes.ts'

import { Input } from './input.ts'

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

test('what comes twice is taken once, and acknowledged again', () => {
  const { input, program, acks, type } = world()
  type(0, 'abc')
  type(1, 'bcde')
  type(0, 'abc')
  expect({ text: program.text, acks, end: input.end }).toEqual({ text: 'abcde', acks: [3, 5, 5], end: 5 })
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
  expect({ text: next.program.text, acks }).toEqual({ text: 'd', acks: [3, 4, 5] })
})
