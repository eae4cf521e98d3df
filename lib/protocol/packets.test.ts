import { expect, test } from 'vitest'

import { Decoder, Encoder } from './packets.ts'

const EVENT = { type: 2, nsp: '/' } as const

/** What the other side makes of a packet, with the message that went over. */
function across(packet: Parameters<Encoder['encode']>[0]) {
  const messages = new Encoder().encode(packet)
  expect(messages).toHaveLength(1)
  return { message: messages[0], came: decoded(messages[0]) }
}

function decoded(message: string | Uint8Array | ArrayBuffer): unknown {
  const decoder = new Decoder()
  let came: unknown
  decoder.on('decoded', (packet) => (came = packet))
  decoder.add(message)
  return came
}

test('a keystroke is one message of few bytes, and comes as it went', () => {
  const { message, came } = across({ ...EVENT, data: ['input', 7, Uint8Array.of(0x61)] })
  expect(message).toEqual(new Uint8Array(Buffer.from('\x0b["input",7]a', 'latin1')))
  expect(came).toEqual({ ...EVENT, data: ['input', 7, Uint8Array.of(0x61)] })
})

test('any bytes come as they went, also none', () => {
  const bytes = Uint8Array.from({ length: 1024 }, (_, n) => n % 256)
  expect(across({ ...EVENT, data: ['lsp-output', 3, 2 ** 47, bytes] }).came).toEqual({
    ...EVENT,
    data: ['lsp-output', 3, 2 ** 47, bytes],
  })
  expect(across({ ...EVENT, data: ['output', 0, new Uint8Array()] }).came).toEqual({
    ...EVENT,
    data: ['output', 0, new Uint8Array()],
  })
})

test('a browser has its bytes as a buffer of the whole message', () => {
  const [message] = new Encoder().encode({ ...EVENT, data: ['output', 5, Uint8Array.of(1, 2)] })
  expect(decoded(new Uint8Array(message as Uint8Array).buffer)).toEqual({ ...EVENT, data: ['output', 5, Uint8Array.of(1, 2)] })
})

test.each([
  [{ type: 0, nsp: '/' }, '0'],
  [{ type: 0, nsp: '/', data: { sid: 'x' } }, '0{"sid":"x"}'],
  [{ type: 1, nsp: '/' }, '1'],
  [{ type: 2, nsp: '/', id: 12, data: ['start', { lang: 'c++' }] }, '212["start",{"lang":"c++"}]'],
  [{ type: 3, nsp: '/', id: 12, data: [{ ok: true }] }, '312[{"ok":true}]'],
  [{ type: 4, nsp: '/', data: { message: 'no' } }, '4{"message":"no"}'],
])('what holds no bytes is as the protocol has it: %j', (packet, text) => {
  const { message, came } = across(packet)
  expect(message).toBe(text)
  expect(came).toEqual(packet)
})

test.each([
  '',
  '5',
  '51-["input",{"_placeholder":true,"num":0}]',
  '2',
  '2{}',
  '2[]',
  '2[7]',
  '2["connect_error"]',
  '2/admin,["a"]',
  '2["a"',
  '3{}',
  '1{}',
  '0[]',
  '21234567890123456["a"]',
])('%j is refused', (text) => {
  expect(() => decoded(text)).toThrow()
})

test.each(['', '\x05[]', '\x02[]', '\x02{}', '\x01a', '\x0e["disconnect"]bytes', '\x03["a'])(
  'bytes after the head %j are refused',
  (text) => {
    expect(() => decoded(Buffer.from(text, 'latin1'))).toThrow()
  },
)

test('a head that cannot be written is our own fault', () => {
  expect(() => new Encoder().encode({ ...EVENT, data: ['x'.repeat(300), Uint8Array.of(1)] })).toThrow('Cannot send bytes')
})

test.each(['off', 'removeListener'] as const)('nobody is told any more after %s', (forget) => {
  const decoder = new Decoder()
  let times = 0
  decoder.on('decoded', () => times++)
  decoder[forget]()
  decoder.add('1')
  decoder.destroy()
  expect(times).toBe(0)
})
