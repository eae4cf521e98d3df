import { expect, test } from 'vitest'

import type { Language } from '#lib/domain/language.ts'
import { CODE_BYTES_MAX, LSP_INPUT_BYTES_MAX } from '#lib/protocol/sizes.ts'

import { python, world } from '../testing/world.ts'

const server = (start: string): Partial<Language> => ({
  lsp: { start, auto: false, lang: 'python', noDynamicRegistration: false },
})

async function opened(fields: Partial<Language>) {
  const { open, watch, ...rest } = world()
  const { session } = await open({ language: { ...python, ...fields } })
  return { ...rest, watch, session, viewer: await watch(session) }
}

test('a program is given its arguments, flags and input', async () => {
  const { session, agentOf } = await opened({})

  await session.run({ files: [{ path: 'main.py', text: '0' }], args: ['a b'], flags: ['-O2'], input: 'in' })

  const run = agentOf(session).heard.find(({ type }) => type === 'run')
  expect(run).toMatchObject({ args: ['a b'], flags: ['-O2'], input: 'in' })
})

test('the formatter gives the text back in another shape', async () => {
  const { session } = await opened({ format: 'upper' })

  expect(await session.format('some text\n')).toEqual({ ok: true, value: { text: 'SOME TEXT\n' } })
})

test.each([
  ['refuse', { code: 'format_failed', output: 'line 1: no such thing' }],
  ['nothing', { code: 'format_failed', output: 'The formatter gave nothing back' }],
  ['noise', { code: 'format_failed', output: 'The formatter gave back what is no text' }],
  ['endless', { code: 'format_failed', output: 'ha' }],
  ['slow', { code: 'format_too_slow' }],
])('a formatter that %ss changes nothing and is told about', async (format, error) => {
  const { session } = await opened({ format })

  expect(await session.format('text')).toEqual({ ok: false, error })
})

test('an empty text may stay empty', async () => {
  const { session } = await opened({ format: 'nothing' })

  expect(await session.format(' \n')).toEqual({ ok: true, value: { text: '' } })
})

test('the largest text is formatted, one byte more is not', async () => {
  const { session } = await opened({ format: 'upper' })
  // The agent of this test answers beyond the window, which the real one never does: the text is the limit's, in spaces.
  expect(await session.format('x'.repeat(CODE_BYTES_MAX + 1))).toEqual({
    ok: false,
    error: { code: 'code_too_large', max: CODE_BYTES_MAX },
  })
})

test('without formatter or language server there is none', async () => {
  const { session } = await opened({})

  expect(await session.format('x')).toEqual({ ok: false, error: { code: 'no_formatter' } })
  expect(await session.startServer()).toEqual({ ok: false, error: { code: 'no_language_server' } })
})

test('what the page says reaches the language server, and its answer the page', async () => {
  const { session, viewer } = await opened(server('echo'))

  expect(await session.startServer()).toEqual({ ok: true, value: { server: 1 } })
  session.serverInput(1, Buffer.from('ping'))

  await expect.poll(() => viewer.events).toContain('lsp 1 0 ping')
})

test('a second start ends the first, whose number means nothing after that', async () => {
  const { session, viewer } = await opened(server('echo'))
  await session.startServer()

  expect(await session.startServer()).toEqual({ ok: true, value: { server: 2 } })
  session.serverInput(1, Buffer.from('old'))
  session.serverInput(2, Buffer.from('new'))

  await expect.poll(() => viewer.events).toContain('lsp 2 0 new')
  expect(viewer.events).toContain('lsp-ended 1 stopped')
  expect(viewer.events.join()).not.toContain('old')
})

test('one that is stopped ends, though the page took in nothing of what it said', async () => {
  const { session, viewer, agentOf } = await opened(server('echo'))
  await session.startServer()
  session.serverInput(1, Buffer.from('unread'))
  await expect.poll(() => viewer.events).toContain('lsp 1 0 unread')

  session.stopServer(1)

  const acks = () => agentOf(session).heard.filter(({ type }) => type === 'ack')
  await expect.poll(acks).toContainEqual({ type: 'ack', stream: 1, offset: 'unread'.length })
})

test('a language server that took more memory than it may have says so', async () => {
  const { session, viewer } = await opened(server('hungry'))
  await session.startServer()

  session.serverInput(1, Buffer.from('x'))

  await expect.poll(() => viewer.events).toContain('lsp-ended 1 memory')
})

test('the language server goes with its viewer', async () => {
  const { session, viewer, agentOf } = await opened(server('echo'))
  await session.startServer()

  session.detach(viewer)

  await expect.poll(() => agentOf(session).heard.map(({ type }) => type)).toContain('task-stop')
})

test('input that the server does not read is held up to the limit and ends it at a byte more', async () => {
  const { session, viewer } = await opened(server('deaf'))
  await session.startServer()
  session.serverInput(1, Buffer.alloc(LSP_INPUT_BYTES_MAX))
  session.serverInput(1, Buffer.alloc(0))
  expect(viewer.events).not.toContain('lsp-ended 1 input_full')

  session.serverInput(1, Buffer.alloc(1))

  await expect.poll(() => viewer.events).toContain('lsp-ended 1 input_full')
})

test('a server that sends more than its window loses the connection, and the session with it', async () => {
  const { session, viewer, agentOf, clock, settled } = await opened(server('deaf'))
  await session.startServer()
  const { connect: _, ...agent } = agentOf(session)
  agent.flood(1, 65 * 1024)

  await settled()
  clock.advance(1000)
  await expect.poll(() => viewer.events).toContain('ended lost')
})

test('when the session ends, what was asked is answered', async () => {
  const { session } = await opened({ format: 'deaf' })
  const formatted = session.format('x')

  await session.end('left')

  expect(await formatted).toEqual({ ok: false, error: { code: 'lost' } })
})
