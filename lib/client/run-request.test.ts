import { expect, test } from 'vitest'

import { programOf } from './program/program.ts'
import { runRequest } from './run-request.ts'

const C = { takesArgs: true, takesFlags: true }
const SQL = { takesArgs: false, takesFlags: false }
const files = [{ path: 'main.c', text: 'x' }]
const program = { ...programOf('main.c', 'x'), args: '-v "a b"', flags: '-O2', input: '1\n' }

test('lines become words, input goes along', () => {
  expect(runRequest(program, C)).toEqual({ ok: true, value: { files, args: ['-v', 'a b'], flags: ['-O2'], input: '1\n' } })
})

test('a field that was emptied is sent as empty, an empty input leaves the terminal to the program', () => {
  expect(runRequest(programOf('main.c', 'x'), C)).toEqual({ ok: true, value: { files, args: [], flags: [] } })
})

test('a language without arguments is sent none, whatever a link brought', () => {
  expect(runRequest({ ...program, args: `"` }, SQL)).toEqual({ ok: true, value: { files, input: '1\n' } })
})

test('an open quote runs nothing, and says where it is', () => {
  expect(runRequest({ ...program, args: `it's` }, C)).toEqual({
    ok: false,
    error: "The program was not run. In its arguments: A quote (') is not closed.",
  })
  expect(runRequest({ ...program, flags: `"` }, C)).toMatchObject({ ok: false, error: expect.stringContaining('flags') })
})
