import { readFileSync } from 'node:fs'

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { INPUT_WINDOW_BYTES } from '#lib/protocol/agent.ts'
import { BAD_MESSAGES_MAX, CODE_BYTES_MAX, INPUT_BYTES_MAX } from '#lib/protocol/browser.ts'
import { MESSAGE_BYTES_MAX, SOCKETS_PER_SESSION } from '#lib/socket/socket-server.ts'

import { ownServer, type OwnServer } from '../../cli/own-server.ts'
import { browser } from './browser.ts'
import { rawSocket } from './raw-socket.ts'

let server: OwnServer
const SESSIONS = 12
const SOCKETS_MAX = SESSIONS * SOCKETS_PER_SESSION
/** Pasted all in all, with so many pieces under way at once. A server that keeps them grows by 195 MB, one that does not by 7 to 13. */
const [PASTE_BYTES, PASTE_BATCH] = [200 * 1024 * 1024, 16]
const PASTE_MB_MAX = 100
/** What a few bytes may cost, however many they claim to be: garbage of the tests before comes on top. */
const PACKET_MB_MAX = 100
const open: { close(): void }[] = []
const visit = async (options = {}) => {
  const visitor = await browser(server.url, options)
  open.push(visitor)
  return visitor
}

beforeAll(async () => {
  server = await ownServer('websocket-test', {
    DRAGOMAN_STARTS_PER_MINUTE_PER_ADDRESS: '6000',
    DRAGOMAN_SESSIONS_PER_ADDRESS: String(SESSIONS),
    DRAGOMAN_SESSION_GRACE_SECONDS: '1',
  })
})
afterEach(() => {
  for (const visitor of open.splice(0)) visitor.close()
})
afterAll(() => server.stop())

test.each([
  ['foreign', 'https://evil.example'],
  ['null', 'null'],
  ['look-alike', 'http://localhost.evil.example'],
  ['of another port', 'http://localhost:1'],
])('a page of %s origin gets no socket, cookie or not', async (_, origin) => {
  await expect(browser(server.url, { origin, headers: { cookie: 'session=1' } })).rejects.toThrow(/websocket error/)
})

test('a handshake without origin, and any by polling, is refused', async () => {
  expect((await rawSocket(server.url, { origin: undefined })).status).toBe(400)
  const polling = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin: server.url } })
  expect(polling.status).toBe(400)
})

test('more sockets of one address than the limit are refused', async () => {
  const all = await Promise.allSettled(Array.from({ length: SOCKETS_MAX + 3 }, () => browser(server.url)))
  const opened = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  for (const one of opened) one.close()

  expect(opened.length).toBeLessThanOrEqual(SOCKETS_MAX)
  expect(opened.length).toBeGreaterThan(SOCKETS_MAX - 10)
  // Closed ones give their places back.
  await expect.poll(async () => (await rawSocket(server.url, { origin: server.url })).status).toBe(101)
})

test('a session opens to its own token alone, and to none after its end', async () => {
  const owner = await visit()
  const mine = await owner.started()
  const other = await visit()

  expect(await other.resume({ session: mine.session, token: 'f'.repeat(32) }, 0)).toMatchObject({ error: { code: 'bad_token' } })
  expect(await other.resume({ session: 'a'.repeat(32), token: mine.token }, 0)).toMatchObject({ error: { code: 'no_session' } })
  expect(await other.call('resume', { session: '../x', token: mine.token })).toMatchObject({ error: { code: 'bad_message' } })
  await owner.call('leave', {})
  expect(await other.resume(mine, 0)).toMatchObject({ error: { code: 'session_ended', reason: 'left' } })
})

test('calls before a session are answered, not obeyed', async () => {
  const visitor = await visit()

  expect(await visitor.run('main.py', '1')).toMatchObject({ error: { code: 'no_session' } })
  expect(await visitor.call('stop', {})).toMatchObject({ error: { code: 'no_session' } })
  expect(await visitor.task('ensure')).toMatchObject({ error: { code: 'no_session' } })
})

test.each([
  ['an unknown event', 'shell', {}],
  ['a reserved word', '__proto__', {}],
  ['a body of the wrong type', 'start', 'python'],
  ['a number for a name', 'start', { lang: 7, cols: 80, rows: 24 }],
  ['a field too many', 'start', { lang: 'python', cols: 80, rows: 24, admin: true }],
  ['no files', 'run', { files: [] }],
  ['a task that is none', 'task', { name: 'rm' }],
])('%s is answered bad_message', async (_, event, body) => {
  expect(await (await visit()).call(event, body)).toMatchObject({ ok: false, error: { code: 'bad_message' } })
})

test.each([
  ['ten thousand deep', `421["start",${'['.repeat(10_000)}${']'.repeat(10_000)}]`, 'bad_message'],
  ['ten thousand deep and open', `421["start",${'{"a":'.repeat(10_000)}`, undefined],
  ['double', '421["start",{"lang":"c","lang":"nonesuch","cols":1,"rows":1}]', 'unknown_lang'],
  ['beyond what a number holds', '421["resume",{"offset":9007199254740993}]', 'bad_message'],
  ['not finite', '421["start",{"lang":"c","cols":NaN,"rows":1}]', undefined],
  ['half a pair of surrogates', '421["start",{"lang":"\\ud800","cols":1,"rows":1}]', 'unknown_lang'],
  ['behind a byte order mark', '421\ufeff["start",{}]', undefined],
  ['none', '421lolhello', undefined],
])('JSON that is %s is refused, or ends its socket', async (_, packet, code) => {
  const raw = await rawSocket(server.url, { origin: server.url })
  raw.send('40')
  await raw.says('40{"sid":')
  raw.send(packet)
  await (code === undefined ? raw.hungUp : raw.says(`431[{"ok":false,"error":{"code":"${code}"`))
  raw.end()

  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
})

test('a language that is none is named with its neighbours, whatever it is called', async () => {
  const visitor = await visit()

  expect(await visitor.start('pyton')).toMatchObject({ error: { code: 'unknown_lang', near: ['python'] } })
  for (const lang of ['__proto__', 'constructor', '../python', 'PYTHON', '', '🐍']) {
    expect(await visitor.start(lang)).toMatchObject({ error: { code: 'unknown_lang' } })
  }
})

test('events without an answer, and a thousand bad ones, end the socket and not the server', async () => {
  const visitor = await visit()
  for (let n = 0; n < 1000; n++) visitor.raw.emit('input', 'x', n)
  await visitor.until(() => visitor.told.closed)

  expect(visitor.told.problems.length).toBeLessThanOrEqual(BAD_MESSAGES_MAX)
  expect((await (await visit()).start('nonesuch')).ok).toBe(false)
})

test('who asks for ever and reads no answer is cut off', async () => {
  const raw = await rawSocket(server.url, { origin: server.url })
  raw.send('40')
  await raw.says('40{"sid":')
  raw.pause()
  let isCut = false
  void raw.hungUp.then(() => (isCut = true))
  while (!isCut) {
    for (let n = 0; n < 500; n++) raw.send(`42${n}["start",{"lang":"nonesuch","cols":1,"rows":1}]`)
    await raw.flushed()
  }

  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
})

test.each([
  ['a thousand million attachments', '451000000000-["input",{"_placeholder":true,"num":0}]'],
  ['an attachment that is announced and never sent', '451-["input",0,{"_placeholder":true,"num":0}]'],
  ['text that is no packet', '4zzz'],
  ['an event that is no list', '42{"0":"stop"}'],
  ['an event by a name of the library', '42["disconnecting"]'],
  ['another namespace', '40/admin,'],
  ['a packet of nothing', Buffer.alloc(0)],
  ['a packet shorter than its head', Buffer.from('\xff["input",0]', 'latin1')],
  ['a head that is no event', Buffer.from('\x02{}bytes', 'latin1')],
  ['a head that is no JSON', Buffer.from('\x05input', 'latin1')],
])('%s ends its socket, and the server goes on', async (_, packet) => {
  const before = rssMb()
  const raw = await rawSocket(server.url, { origin: server.url })
  raw.send('40')
  if (typeof packet === 'string') raw.send(packet)
  else raw.sendBinary(packet)
  await raw.hungUp

  expect(rssMb() - before).toBeLessThan(PACKET_MB_MAX)
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
})

test('a frame larger than the limit closes its socket with 1009, and one as large as it does not', async () => {
  const raw = await rawSocket(server.url, { origin: server.url })
  raw.send('40')
  raw.sendBinary(Buffer.alloc(MESSAGE_BYTES_MAX + 1))
  expect(await raw.closeCode()).toBe(1009)

  const within = await visit()
  expect(await within.call('start', { lang: 'x'.repeat(MESSAGE_BYTES_MAX / 2), cols: 1, rows: 1 })).toMatchObject({
    error: { code: 'bad_message' },
  })
  expect(within.told.closed).toBeUndefined()
})

test('endless fragments are cut at the same limit', async () => {
  const raw = await rawSocket(server.url, { origin: server.url })
  raw.send('40')
  for (let n = 0; n < 100; n++) raw.sendFragment(Buffer.alloc(32 * 1024), n === 0)

  expect(await raw.closeCode()).toBe(1009)
})

test('compression is not spoken, so nothing small unpacks to something large', async () => {
  const raw = await rawSocket(server.url, { origin: server.url, headers: { 'sec-websocket-extensions': 'permessage-deflate' } })
  raw.end()

  expect(raw.headers).not.toMatch(/permessage-deflate/i)
})

test('any size of a terminal is brought between 1 and 1000, ten thousand a second are taken together', async () => {
  const visitor = await visit()
  await visitor.started('bash')
  await visitor.saw('$ ')
  for (const [cols, rows] of [
    [0, -1],
    [1e9, 1e9],
    [-1e9, 0.5],
  ] as const)
    visitor.raw.emit('resize', cols, rows)
  for (let n = 0; n < 10_000; n++) visitor.raw.emit('resize', 80 + (n % 7), 24)
  visitor.raw.emit('resize', 2000, 7)
  visitor.type('until [ "$(stty size)" = "7 1000" ]; do sleep 0.02; done; echo as-\'\'told\n')

  await visitor.saw('as-told\r\n')
  expect(visitor.told.problems).toEqual([])
  visitor.raw.emit('resize', Number.NaN, 24)
  await visitor.until(() => visitor.told.problems.find(({ code }) => code === 'bad_message'))
})

test('input of any bytes reaches the program as it is', async () => {
  const visitor = await visit()
  await visitor.started('bash')
  await visitor.saw('$ ')
  const bytes = Buffer.from([0, 1, 0x1b, 0xff, 0xc3, 0x28, 0x80, 0xed, 0xa0, 0x80])
  visitor.type(`stty raw -echo; echo ready; head -c ${bytes.length} | od -An -tx1; stty sane\n`)
  await visitor.saw('ready\n')
  visitor.type(bytes)

  await visitor.saw('00 01 1b ff c3 28 80 ed a0 80')
})

test('a paste beyond the window is refused by name and takes no memory', async () => {
  const visitor = await visit()
  await visitor.started('bash')
  await visitor.saw('$ ')
  visitor.type("stty raw -echo; echo de''af; sleep 100\n")
  await visitor.saw('deaf')
  const before = rssMb()
  const chunk = Buffer.alloc(INPUT_BYTES_MAX, 'x')
  const refused = () => visitor.told.problems.length
  for (let at = visitor.inputAcked(); refused() * chunk.length < PASTE_BYTES;) {
    const had = refused()
    for (let n = 0; n < PASTE_BATCH; n++) visitor.raw.emit('input', at, chunk)
    await visitor.start('bash') // a second start is refused, after all that came before it was looked at
    // What the kernel itself holds of it makes room for some more.
    if (refused() === had) at += chunk.length
  }

  expect(new Set(visitor.told.problems.map(({ code }) => code))).toEqual(new Set(['input_full']))
  expect(rssMb() - before).toBeLessThan(PASTE_MB_MAX)
  expect(visitor.inputAcked()).toBeLessThanOrEqual(4 * INPUT_WINDOW_BYTES)
})

test.each([
  ['../../etc/x', 'bad_file_name'],
  ['/etc/x', 'bad_file_name'],
  ['a/../../x', 'bad_file_name'],
  ['a//b', 'bad_file_name'],
  ['nul\0', 'bad_file_name'],
  ['new\nline', 'bad_file_name'],
  ['x'.repeat(300), 'bad_message'],
])('a file name that is refused: %#', async (name, code) => {
  const visitor = await visit()
  await visitor.started('bash')

  expect(await visitor.run(name, 'echo hi')).toMatchObject({ ok: false, error: { code } })
})

test('a program of the largest size runs, one byte more is refused', async () => {
  const visitor = await visit()
  await visitor.started('bash')
  const program = (bytes: number) => `echo whole; exit 0\n`.padEnd(bytes, '#')

  expect(await visitor.run('main.sh', program(CODE_BYTES_MAX + 1))).toMatchObject({
    error: { code: 'code_too_large', max: CODE_BYTES_MAX },
  })
  expect(await visitor.run('main.sh', program(CODE_BYTES_MAX))).toMatchObject({ ok: true })
  await visitor.saw('whole')
})

test('two pages of one visitor are two sessions; one session shown twice tells the first page', async () => {
  const [one, two] = [await visit(), await visit()]
  const [mine, yours] = [await one.started(), await two.started()]
  expect(mine.session).not.toBe(yours.session)

  await two.saw('>>> ')
  expect((await two.resume(mine, 0)).ok).toBe(true)
  await one.until(() => one.told.replaced)
  expect(await one.run('main.py', '1')).toMatchObject({ error: { code: 'no_session' } })
})

test('input after the end is nothing to anybody', async () => {
  const visitor = await visit()
  await visitor.started()
  await visitor.call('leave', {})
  visitor.type('print(1)\n')

  expect(await visitor.call('stop', {})).toMatchObject({ error: { code: 'no_session' } })
  expect(visitor.told.closed).toBeUndefined()
})

test('no byte of what visitors type, run or see is in the log', async () => {
  const visitor = await visit()
  await visitor.started('bash')
  await visitor.saw('$ ')
  visitor.type('echo typed-marker\n')
  await visitor.run('main.sh', 'echo run-marker; exit 3')
  await visitor.saw('run-marker')

  expect(server.log()).not.toMatch(/typed-marker|run-marker/)
})

function rssMb(): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1024
}
