import { expect, test } from 'vitest'

import { ECHO_P99_MS_MAX, judgeBystander, streamCheck } from './bystander.ts'

const calm = { p99Ms: 20, baselineP99Ms: 10, lines: 50 }

test('a bystander who is as well as before says nothing', () => {
  expect(judgeBystander(calm)).toEqual({ slow: [], failed: [] })
  expect(judgeBystander({ ...calm, p99Ms: ECHO_P99_MS_MAX })).toEqual({ slow: [], failed: [] })
  expect(judgeBystander({ ...calm, baselineP99Ms: 200, p99Ms: 400 })).toEqual({ slow: [], failed: [] })
})

test('an echo one millisecond above what is allowed is told', () => {
  expect(judgeBystander({ ...calm, p99Ms: ECHO_P99_MS_MAX + 1 }).slow).toEqual([
    "a bystander's echo took 251 ms at p99, 250 are allowed",
  ])
  expect(judgeBystander({ ...calm, baselineP99Ms: 200, p99Ms: 401 }).slow).toHaveLength(1)
})

test('a stream that stands still or is broken is told, whatever the echo', () => {
  expect(judgeBystander({ ...calm, lines: 0 }).failed).toEqual(["a bystander's stream stood still"])
  expect(judgeBystander({ ...calm, broken: 'line 3' }).failed).toEqual(["a bystander's stream broke at line 3"])
})

const LINES = ['~$ 0 1', '1 1103527590', '2 377401575', '3 662824084']
const whole = `${LINES.join('\r\n')}\r\n`

test('the stream is followed in whatever pieces it comes', () => {
  const stream = streamCheck()
  for (const byte of whole) stream.add(byte)

  expect(stream.broken()).toBeUndefined()
  expect(stream.lines()).toBe(4)
})

test.each([
  ['a lost line', whole.replace('2 377401575\r\n', '')],
  ['a line twice', whole.replace('2 377401575', '1 1103527590\r\n2 377401575')],
  ['a changed byte', whole.replace('377401575', '377401576')],
  ['a lost line end', whole.replace('590\r\n', '590')],
  ['bytes of somebody else', whole.replace('3 66', '3 hello 66')],
])('%s breaks the stream', (_, text) => {
  const stream = streamCheck()
  stream.add(text)

  expect(stream.broken()).toMatch(/^line [123]: /)
})
