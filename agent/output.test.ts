import { expect, test } from 'vitest'

import type { FromAgent } from '#lib/protocol/agent.ts'
import { OUTPUT_WINDOW_BYTES, RING_BYTES } from '#lib/protocol/sizes.ts'

import { type Line, Output } from './output.ts'

const ended = (job: number): FromAgent => ({
  type: 'ended',
  job,
  wallMs: 1,
  code: 0,
  stopped: false,
  outputSpent: false,
  diskFull: false,
})

/** What a server hears: bytes as their range, messages by type and job. */
function world() {
  const heard: string[] = []
  const line = {
    live: true as boolean,
    say: (message: FromAgent) => void heard.push('job' in message ? `${message.type} ${message.job}` : message.type),
    data: (_stream: number, offset: number, bytes: Uint8Array) => void heard.push(`${offset}-${offset + bytes.length}`),
  } satisfies Line
  const output = new Output(line)
  const print = (size: number) => output.append(new Uint8Array(size))
  const lose = () => {
    line.live = false
    output.detach()
  }
  const find = () => (line.live = true)
  return { output, heard, print, lose, find }
}

test('no more is sent than the window holds, and an acknowledgement makes room for just as much', () => {
  const { output, heard, print } = world()
  output.attach(0)
  print(OUTPUT_WINDOW_BYTES + 10)
  expect(heard).toEqual(['0-32768', '32768-65536'])

  output.ack(4)
  expect(heard.slice(2)).toEqual(['65536-65540'])
})

test('an acknowledgement of what was never sent opens nothing', () => {
  const { output, heard, print } = world()
  output.attach(0)
  output.ack(10 ** 9)
  print(OUTPUT_WINDOW_BYTES + 1)
  expect(heard.at(-1)).toBe('32768-65536')
})

test('the end of a job is said after its last byte, and the next job only then', () => {
  const { output, heard, print } = world()
  output.attach(0)
  print(OUTPUT_WINDOW_BYTES)
  print(5)
  output.say(ended(1))
  output.say({ type: 'started', job: 2 })
  print(1)
  expect(heard).toEqual(['0-32768', '32768-65536'])

  output.ack(OUTPUT_WINDOW_BYTES)
  expect(heard.slice(2)).toEqual(['65536-65541', 'ended 1', 'started 2', '65541-65542'])
})

test('to one who is connected and not attached, news come at once and bytes not at all', () => {
  const { output, heard, print } = world()
  print(100)
  output.say(ended(1))
  expect(heard).toEqual(['ended 1'])
})

test('detaching says what was held back', () => {
  const { output, heard, print } = world()
  output.attach(0)
  print(OUTPUT_WINDOW_BYTES + 1)
  output.say(ended(1))
  output.detach()
  expect(heard).toEqual(['0-32768', '32768-65536', 'ended 1'])
})

test('of what nobody heard, the last end of a job is kept for whoever attaches next', () => {
  const { output, heard, print, lose, find } = world()
  lose()
  output.say(ended(1))
  output.say({ type: 'started', job: 2 })
  print(3)
  output.say(ended(2))
  find()
  output.attach(output.placeOf(1))
  expect(heard).toEqual(['1-3', 'ended 2'])
})

test('one who comes back gets what the ring still holds', () => {
  const { output, print } = world()
  print(RING_BYTES + 7)
  expect([0, 6, 7, 8, RING_BYTES + 7, 10 ** 9].map((offset) => output.placeOf(offset))).toEqual([
    7,
    7,
    7,
    8,
    RING_BYTES + 7,
    RING_BYTES + 7,
  ])
})

test('with a full window there is room only after an acknowledgement, or when the job is over', async () => {
  const { output, print } = world()
  let isOver = false
  output.attach(0)
  print(OUTPUT_WINDOW_BYTES)
  const reads: string[] = []
  const reading = output.room(() => isOver).then(() => reads.push('acknowledged'))
  output.wake()
  await Promise.resolve()
  expect(reads).toEqual([])
  output.ack(1)
  await reading
  print(1)
  const last = output.room(() => isOver).then(() => reads.push('over'))
  isOver = true
  output.wake()
  await last
  expect(reads).toEqual(['acknowledged', 'over'])
})
