import fc from 'fast-check'
import { expect, test } from 'vitest'

import { LSP_HEADER_BYTES_MAX, LSP_MESSAGE_BYTES_MAX, LspFrameError, lspFrame, LspReader } from './lsp-frames.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test('messages come out as they went in, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 5 }),
      fc.array(fc.nat({ max: 40 }), { maxLength: 20 }),
      (messages, cuts) => {
        const wire = Buffer.concat(messages.map(lspFrame))
        const reader = new LspReader()
        const got: unknown[] = []
        let at = 0
        for (const cut of [...cuts, wire.length]) {
          got.push(...reader.push(wire.subarray(at, at + cut)))
          at += cut
        }
        expect(got).toEqual(messages.map((message) => JSON.parse(JSON.stringify(message))))
      },
    ),
  )
})

test('other headers and other cases are read over', () => {
  const reader = new LspReader()
  const head = 'Content-Type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:  2 \r\n\r\n'
  expect(reader.push(bytes(`${head}{}`))).toEqual([{}])
})

test.each([
  ['no length', 'X: 1\r\n\r\n{}'],
  ['length of nothing', 'Content-Length: 0\r\n\r\n'],
  ['length below nothing', 'Content-Length: -5\r\n\r\n'],
  ['no JSON', 'Content-Length: 2\r\n\r\n{x'],
  ['too large a message', `Content-Length: ${LSP_MESSAGE_BYTES_MAX + 1}\r\n\r\n`],
  ['length with too many digits', `Content-Length: 1${'0'.repeat(400)}\r\n\r\n`],
  ['header without end', 'x'.repeat(LSP_HEADER_BYTES_MAX + 1)],
])('%s is refused', (_, wire) => {
  expect(() => new LspReader().push(bytes(wire))).toThrow(LspFrameError)
})

test('broken UTF-8 is refused', () => {
  const wire = Buffer.concat([bytes('Content-Length: 3\r\n\r\n"'), Buffer.from([0xff]), bytes('"')])
  expect(() => new LspReader().push(wire)).toThrow(LspFrameError)
})

test('the largest message and the longest header still pass', () => {
  const text = 'x'.repeat(LSP_MESSAGE_BYTES_MAX - 2)
  expect(new LspReader().push(lspFrame(text))).toEqual([text])
  const padding = `X: ${'x'.repeat(LSP_HEADER_BYTES_MAX - 'X: \r\nContent-Length: 2'.length)}\r\nContent-Length: 2`
  expect(padding.length).toBe(LSP_HEADER_BYTES_MAX)
  expect(new LspReader().push(bytes(`${padding}\r\n\r\n{}`))).toEqual([{}])
})
