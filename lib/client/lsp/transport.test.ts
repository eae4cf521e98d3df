import { expect, test } from 'vitest'

import { lspFrame, LspReader } from '#lib/protocol/lsp-frames.ts'

import { lspTransport } from './transport.ts'

function world({ config, noDynamicRegistration = false }: { config?: unknown; noDynamicRegistration?: boolean } = {}) {
  const reader = new LspReader()
  const sent: Record<string, unknown>[] = []
  const heard: unknown[] = []
  const log: string[] = []
  let at = 0
  const transport = lspTransport({
    wire: {
      send: (_, bytes) => void sent.push(...(reader.push(bytes) as Record<string, unknown>[])),
      ack: (_, offset) => void log.push(`ack ${offset}`),
    },
    server: 1,
    config,
    noDynamicRegistration,
    shape: (method, _, answer) => ({ method, answer }),
    notified: (method) => void log.push(`notified ${method}`),
    registered: () => undefined,
    broken: (words) => void log.push(`broken: ${words}`),
  })
  transport.subscribe((message) => void heard.push(JSON.parse(message)))
  return {
    transport,
    sent,
    heard,
    log,
    says(bytes: Uint8Array) {
      transport.output(at, bytes)
      at += bytes.length
    },
    ask: (id: number, method: string, params: unknown = {}) =>
      transport.send(JSON.stringify({ jsonrpc: '2.0', id, method, params })),
  }
}

test('an answer is shaped by what was asked, and acknowledged when it was taken', () => {
  const { ask, says, heard, log } = world()
  ask(7, 'textDocument/hover')
  const bytes = lspFrame({ jsonrpc: '2.0', id: 7, result: { a: 1 } })
  says(bytes)
  expect(heard).toEqual([{ jsonrpc: '2.0', id: 7, result: { method: 'textDocument/hover', answer: { a: 1 } } }])
  expect(log).toEqual([`ack ${bytes.length}`])
})

test('an answer to nothing, or a second one, is dropped', () => {
  const { ask, says, heard } = world()
  ask(1, 'x')
  for (const id of [1, 1, 2, 'a', null]) says(lspFrame({ id, result: 0 }))
  expect(heard).toHaveLength(1)
})

test('an error without form has one', () => {
  const { ask, says, heard } = world()
  ask(1, 'x')
  says(lspFrame({ id: 1, error: 'no' }))
  expect(heard).toEqual([{ jsonrpc: '2.0', id: 1, error: { code: 0, message: 'The language server gave no reason' } }])
})

test('what the server asks is answered here', () => {
  const { says, sent } = world({ config: { a: 1 } })
  says(lspFrame({ id: 'q', method: 'workspace/configuration', params: { items: [{ section: 'a' }] } }))
  says(lspFrame({ id: 3, method: 'no/such' }))
  expect(sent).toEqual([
    { jsonrpc: '2.0', id: 'q', result: [1] },
    { jsonrpc: '2.0', id: 3, error: { code: -32601, message: 'Not known here' } },
  ])
})

test.each<[string, Uint8Array]>([
  ['no frame', new TextEncoder().encode('hello\r\n\r\n')],
  ['no JSON', new TextEncoder().encode('Content-Length: 1\r\n\r\n{')],
  ['a number', lspFrame(5)],
  ['a list', lspFrame([{ id: 1 }])],
  ['null', lspFrame(null)],
])('%s ends it, and nothing is read after', (_, bytes) => {
  const { says, log } = world()
  says(bytes)
  says(lspFrame({ method: 'late' }))
  expect(log).toEqual([expect.stringMatching(/^broken: /)])
})

test('missing bytes end it', () => {
  const { transport, log } = world()
  transport.output(5, lspFrame({ method: 'x' }))
  expect(log).toEqual(['broken: bytes are missing'])
})

test('the introduction offers what is answered here, and no more', () => {
  const { ask, sent } = world({ noDynamicRegistration: true })
  ask(1, 'initialize', { capabilities: { textDocument: { completion: { contextSupport: true }, diagnostic: {}, rename: {} } } })
  const params = sent[0]?.['params'] as { capabilities: { textDocument: Record<string, unknown> } } & Record<string, unknown>
  expect(params).toMatchObject({ rootUri: 'file:///home/visitor', capabilities: { workspace: { configuration: true } } })
  expect(Object.keys(params.capabilities.textDocument).sort()).toEqual([
    'completion',
    'definition',
    'hover',
    'signatureHelp',
    'synchronization',
  ])
  expect(JSON.stringify(params)).not.toContain('"dynamicRegistration":true')
})

test('settings follow the introduction', () => {
  const { transport, sent } = world({ config: { a: 1 } })
  transport.send(JSON.stringify({ jsonrpc: '2.0', method: 'initialized', params: {} }))
  expect(sent.map(({ method }) => method)).toEqual(['initialized', 'workspace/didChangeConfiguration'])
})

test('nothing is sent after it is closed', () => {
  const { transport, sent, says, ask, log } = world()
  transport.close()
  ask(1, 'x')
  says(lspFrame({ method: 'x' }))
  expect([sent, log]).toEqual([[], []])
})
