import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { Server, type Socket } from 'socket.io'
import { afterEach, expect, test } from 'vitest'

import type { Answer, Resumed, ToBrowser, ToServer } from '#lib/protocol/browser.ts'

import { openSession, type View } from './session.ts'

type PageSocket = Socket<ToServer, ToBrowser>
const STARTED = { session: 'a'.repeat(32), token: 'b'.repeat(32), lang: 'python' }

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A page that has a prompt, at a server that answers each resume when it is told to. */
async function page() {
  const http = createServer()
  const io = new Server<ToServer, ToBrowser>(http, { transports: ['websocket'] })
  const sockets: PageSocket[] = []
  const resumes: ((answer: Answer<Resumed>) => void)[] = []
  io.on('connection', (socket) => {
    sockets.push(socket)
    socket.on('start', (_, answer) => answer({ ok: true, value: STARTED }))
    socket.on('resume', (_, answer) => void resumes.push(answer))
  })
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
  closing.push(() => io.close())
  const { port } = http.address() as AddressInfo // a TCP server that listens has one
  const session = await openSession({
    lang: 'python',
    hasPrompt: true,
    screen: { size: { cols: 80, rows: 24 }, write: (_, drawn) => drawn(), notice() {}, fresh() {}, reset() {} },
    tab: { take: async () => undefined, keep() {}, forget() {} },
    after: (ms, call) => {
      const timer = setTimeout(call, ms)
      return () => clearTimeout(timer)
    },
    url: `http://127.0.0.1:${port}`,
  })
  closing.push(() => session.close())
  await expect.poll(() => session.view().state.at).toBe('attached')
  const seen: View[] = []
  session.subscribe(() => seen.push(session.view()))
  const answer = () =>
    resumes.shift()?.({ ok: true, value: { session: STARTED.session, from: 0, end: 0, inputEnd: 0, state: 'prompt', job: 0 } })
  return { session, sockets, resumes, seen, answer }
}

test('a page that is sent to another server resumes there, and shows nothing of it', async () => {
  const { session, sockets, resumes, seen, answer } = await page()
  sockets[0]?.emit('move', { afterMs: 5 })
  await expect.poll(() => resumes.length).toBe(1)
  expect(sockets).toHaveLength(2)
  expect(session.view()).toMatchObject({ state: { at: 'attached' }, isConnected: true })
  answer()

  await expect.poll(() => seen.length).toBeGreaterThan(0)
  expect(seen.filter(({ state, isConnected }) => state.at !== 'attached' || !isConnected)).toEqual([])
})

test('a move that takes long is shown as what it is, until it is done', async () => {
  const { session, sockets, resumes, answer } = await page()
  sockets[0]?.emit('move', { afterMs: 0 })
  await expect.poll(() => resumes.length).toBe(1)
  await expect.poll(() => session.view().state.at).toBe('resuming')
  answer()
  await expect.poll(() => session.view().state.at).toBe('attached')
})

test('a session that ended on the way is said to have', async () => {
  const { session, sockets, resumes } = await page()
  sockets[0]?.emit('move', { afterMs: 0 })
  await expect.poll(() => resumes.length).toBe(1)
  sockets[1]?.emit('ended', { reason: 'idle' })
  await expect.poll(() => session.view().state).toEqual({ at: 'ended', reason: 'idle' })
})
