import { expect, test } from 'vitest'

import { memoryClock } from '#lib/adapters/memory/clock.ts'
import { langConfig } from '#lib/domain/lang-config.ts'
import { toLanguage } from '#lib/domain/lang-to-language.ts'
import type { Check } from '#lib/domain/language.ts'
import type { Problem } from '#lib/domain/problem.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { JobEvent, TaskEnded } from '#lib/protocol/browser.ts'

import { runCheck, SETTLE_MS } from './run-check.ts'
import type { CheckTerminal } from './terminal.ts'
import { QUIET_MS, SILENT_MS } from './watch.ts'

const FIELDS = {
  id: 'toy',
  name: 'Toy',
  main: 'main.toy',
  template: 'first\nsecond\n',
  run: 'toy -i main.toy',
  repl: 'toy',
  ensure: 'toy --version',
  prompt: 'toy> $',
  scope: { code: 'x = 28782', after: 'first' },
}

type ServerMessage = { id?: number; method?: string; params?: Record<string, unknown>; result?: unknown }

/** What the toy does when it is run or typed to; each answer is printed at once, as a program would. */
type Toy = {
  run?: (text: string, print: Print) => void
  repl?: (print: Print) => void
  typed?: (text: string, print: Print) => void
  task?: Promise<Result<TaskEnded, Problem>>
  refuse?: Problem
  format?: (text: string) => Result<{ text: string }, Problem>
  server?: (message: ServerMessage, answer: (message: object) => void, end: () => void) => void
}
type Print = {
  (text: string): void
  state: (state: JobEvent['state'], ending?: Partial<NonNullable<JobEvent['ending']>>) => void
  over: (reason: string) => void
}

function world(toy: Toy, fields: object = {}) {
  const clock = memoryClock()
  let [output, over, tell] = ['', undefined as string | undefined, () => {}]
  let job: ReturnType<CheckTerminal['job']> = { state: 'running' }
  const typed: string[] = []
  const change = () => tell()
  const print: Print = Object.assign(
    (text: string) => {
      output += text
      change()
    },
    {
      state(state: JobEvent['state'], ending: Partial<NonNullable<JobEvent['ending']>> = {}) {
        job = { state, ending: { reason: 'exit', usage: { wallMs: 1 }, ...ending } }
        change()
      },
      over(reason: string) {
        over = reason
        change()
      },
    },
  )
  const begin = async (act: () => void): Promise<Result<{ job: number }, Problem>> => {
    if (toy.refuse) return err(toy.refuse)
    output = ''
    job = { state: 'running' }
    act()
    return ok({ job: 1 })
  }
  const terminal: CheckTerminal = {
    run: (files) => begin(() => toy.run?.(files.map(({ path, text }) => `${path}:${text}`).join(), print)),
    repl: () => begin(() => toy.repl?.(print)),
    task: () => toy.task ?? Promise.resolve(ok({ code: 0, timedOut: false, outputSpent: false, output: '' })),
    format: async (text) => toy.format?.(text) ?? err({ code: 'no_formatter' }),
    async languageServer() {
      const { server } = toy
      if (!server) return err({ code: 'no_language_server' })
      const messages: object[] = []
      let ended: string | undefined
      const answer = (message: object) => {
        messages.push(message)
        change()
      }
      const end = () => {
        ended = 'exit'
        change()
      }
      const send = (message: unknown) => server(message as ServerMessage, answer, end)
      return ok({ send, messages: () => messages, over: () => ended, change: terminal.change })
    },
    type(text) {
      typed.push(text)
      print(text.replaceAll('\r', '\r\n')) // a terminal echoes
      toy.typed?.(text, print)
    },
    output: () => output,
    job: () => job,
    over: () => over,
    change: () => new Promise((done) => (tell = done)),
  }
  const language = toLanguage(langConfig.parse({ ...FIELDS, ...fields }))
  // The toy has no line editor to wait for; every other wait is the tests' own to advance.
  const settled = (ms: number, call: () => void) => (ms === SETTLE_MS ? (queueMicrotask(call), () => {}) : clock.after(ms, call))
  return { clock, typed, print, check: (check: Check) => runCheck(check, language, terminal, { ...clock, after: settled }) }
}

/** Lets everything that can go on without the clock go on. */
const settle = () => new Promise((done) => setImmediate(done))

const passes = (check: Check) => ({ lang: 'toy', check, ok: true, ms: 0 })

test('run passes when the template greets, whatever colours and line ends it uses', async () => {
  const { check } = world({ run: (_, print) => print('\u001b[1mHello, \u001b[0mworld!\r\ntoy> ') })

  expect(await check('run')).toEqual(passes('run'))
})

test('run writes the template to main', async () => {
  const { check } = world({ run: (text, print) => print(text === 'main.toy:first\nsecond\n' ? 'Hello, world!' : 'wrong text') })

  expect(await check('run')).toEqual(passes('run'))
})

test('run fails at once when the program ends without the greeting', async () => {
  const { check } = world({
    run(_, print) {
      print('segfault\r\n')
      print.state('ended', { reason: 'signal', signal: 'SIGSEGV' })
    },
  })

  expect(await check('run')).toEqual({
    ...passes('run'),
    ok: false,
    why: 'the program ended (signal SIGSEGV) before it printed "Hello, world!"',
    output: 'segfault\n',
  })
})

test('run fails when the session is lost', async () => {
  const { check } = world({ run: (_, print) => print.over('memory') })

  expect(await check('run')).toMatchObject({ ok: false, why: 'the session ended (memory) before it printed "Hello, world!"' })
})

test('run fails when time is up, and not before', async () => {
  const { check, clock, print } = world({ run: (_, print) => print('Hello, ') })
  const checked = check('run')
  await settle()
  clock.advance(19_999)
  print('wor')
  await settle()
  clock.advance(1)

  expect(await checked).toEqual({
    ...passes('run'),
    ok: false,
    ms: 20_000,
    why: 'time was up before it printed "Hello, world!"',
    output: 'Hello, wor',
  })
  expect(clock.pending()).toBe(0)
})

test('run types its input, honouring delays', async () => {
  const { check, clock, typed } = world(
    { typed: (text, print) => text === 'b\r' && print('Hello, world!') },
    { helloInput: 'a\nDELAY: 2\nb\n' },
  )
  const checked = check('run')
  await settle()
  clock.advance(1999)
  await settle()
  expect(typed).toEqual(['a\r'])
  clock.advance(1)

  expect(await checked).toEqual({ ...passes('run'), ms: 2000 })
  expect(typed).toEqual(['a\r', 'b\r'])
})

test('run takes a hello with a length for a pattern', async () => {
  const fields = { hello: 'seed \\d+', helloMaxLength: 8 }

  expect(await world({ run: (_, print) => print('seed 123') }, fields).check('run')).toEqual(passes('run'))
  const tooLong = await world({ run: (_, print) => (print('seed 1234'), print.state('ended', { code: 0 })) }, fields).check('run')
  expect(tooLong).toMatchObject({ ok: false, why: 'the program ended (status 0) before it printed "seed \\\\d+"' })
})

test('a pattern that backtracks for ever does not hold the check', async () => {
  const began = performance.now()
  const { check } = world(
    { run: (_, print) => (print('a'.repeat(40)), print.state('ended', { code: 0 })) },
    { hello: '(a+)+$b', helloMaxLength: 9 },
  )

  expect(await check('run')).toMatchObject({ ok: false })
  expect(performance.now() - began).toBeLessThan(5000)
})

test.each([
  [0, 0, true],
  [3, 0, false],
  [3, 3, true],
])('status %i where %i is due: passes is %s', async (code, helloStatus, passed) => {
  const { check } = world({ run: (_, print) => (print('Hello, world!'), print.state('ended', { code })) }, { helloStatus })

  expect((await check('run')).ok).toBe(passed)
})

test('repl waits for the prompt before it types, and for the answer after what was typed', async () => {
  const { check, print, typed } = world({
    repl: (print) => print('Toy 1.0 (build 28782)\r\n'),
    typed: (_, print) => print('28782\r\ntoy> '),
  })
  const checked = check('repl')
  await settle()
  expect(typed).toEqual([])
  print('\u001b[?2004htoy> ')

  expect(await checked).toEqual(passes('repl'))
  expect(typed).toEqual(['123 * 234\r'])
})

test('repl takes the agent’s word for the prompt', async () => {
  const { check } = world({ repl: (print) => print.state('prompt'), typed: (_, print) => print('28782') })

  expect(await check('repl')).toEqual(passes('repl'))
})

test('repl without a pattern waits for a pause in the output', async () => {
  const { check, clock, typed } = world(
    { repl: (print) => print('? '), typed: (_, print) => print('28782') },
    { prompt: undefined },
  )
  const checked = check('repl')
  await settle()
  clock.advance(QUIET_MS - 1)
  await settle()
  expect(typed).toEqual([])
  clock.advance(1)

  expect(await checked).toEqual({ ...passes('repl'), ms: QUIET_MS })
})

test('repl without a pattern and without a word types after a while', async () => {
  const { check, clock } = world({ typed: (_, print) => print('28782') }, { prompt: undefined })
  const checked = check('repl')
  await settle()
  clock.advance(SILENT_MS)

  expect(await checked).toEqual({ ...passes('repl'), ms: SILENT_MS })
})

test('runrepl runs the template and asks the prompt it leaves', async () => {
  const { check } = world({ run: (text, print) => print(`${text.length} ran\r\ntoy> `), typed: (_, print) => print('28782') })

  expect(await check('runrepl')).toEqual(passes('runrepl'))
})

test('scope runs the template with the code after its line', async () => {
  const { check, typed } = world({
    run: (text, print) => print(text === 'main.toy:first\nx = 28782\nsecond\n' ? 'toy> ' : 'wrong text'),
    typed: (_, print) => print('28782'),
  })

  expect(await check('scope')).toEqual(passes('scope'))
  expect(typed).toEqual(['x\r'])
})

test.each([
  [{ code: 0 }, undefined],
  [{ code: 7 }, 'it ended with status 7'],
  [{ signal: 'SIGKILL' }, 'it ended with SIGKILL'],
  [{ timedOut: true }, 'it took too long'],
])('ensure ended by %j: %s', async (ended, why) => {
  const task = Promise.resolve(ok({ timedOut: false, outputSpent: false, output: 'gone\n', ...ended }))

  const result = await world({ task }).check('ensure')

  expect(result).toEqual(why === undefined ? passes('ensure') : { ...passes('ensure'), ok: false, why, output: 'gone\n' })
})

test('ensure that is never answered fails when time is up', async () => {
  const { check, clock } = world({ task: new Promise(() => {}) })
  const checked = check('ensure')
  await settle()
  clock.advance(20_000)

  expect(await checked).toMatchObject({ ok: false, why: 'time was up before it ended' })
})

test.each(['run', 'repl', 'runrepl', 'scope'] as const)('%s that is refused says what the server said', async (check) => {
  const result = await world({ refuse: { code: 'too_fast', retryAfterMs: 5 } }).check(check)

  expect(result).toMatchObject({
    ok: false,
    why: 'Too many sessions were started from your address just now (too_fast {"retryAfterMs":5})',
  })
})

const FORMATTED = { format: { run: 'toyfmt' } }

test('format passes when the template comes back in shape, and stays as it is when it has that', async () => {
  const asked: string[] = []
  const format = (text: string) => {
    asked.push(text)
    return ok({ text: `${text.replace(/ +\n/g, '\n').trimEnd()}\n` })
  }
  const { check } = world({ format }, FORMATTED)

  expect(await check('format')).toEqual(passes('format'))
  expect(asked).toEqual(['first  \nsecond  \n\n\n', 'first\nsecond\n'])
})

test('format fails with what came instead', async () => {
  const { check } = world({ format: () => ok({ text: 'other\n' }) }, FORMATTED)

  expect(await check('format')).toMatchObject({ ok: false, why: 'it did not give the expected text', output: 'other\n' })
})

test('format fails when the formatter is never content', async () => {
  const format = (text: string) => ok({ text: text === 'a' ? 'b' : 'c' })
  const { check } = world({ format }, { format: { run: 'toyfmt', input: 'a', output: 'b' } })

  expect(await check('format')).toMatchObject({ ok: false, why: 'its own output is not left as it is', output: 'c' })
})

test('format fails with the words of the formatter', async () => {
  const { check } = world({ format: () => err({ code: 'format_failed', output: 'line 2: no' }) }, FORMATTED)

  expect(await check('format')).toMatchObject({ ok: false, output: 'line 2: no' })
})

const SERVED = { lsp: { start: 'toyls', code: 'fir', after: 'first\n', item: 'first', config: { toy: { strict: true } } } }

test('lsp passes when the server offers the item where the code was typed', async () => {
  const heard: ServerMessage[] = []
  let tries = 0
  const { check, clock } = world(
    {
      server(message, answer) {
        heard.push(message)
        if (message.method === 'initialize') answer({ id: message.id, result: {} })
        if (message.method === 'initialized')
          answer({ id: 'c', method: 'workspace/configuration', params: { items: [{ section: 'toy.strict' }] } })
        if (message.method !== 'textDocument/completion') return
        tries++
        answer({ id: message.id, result: { items: tries === 1 ? [] : [{ label: ' •first(…)' }] } })
      },
    },
    SERVED,
  )
  const checked = check('lsp')
  await expect.poll(() => tries).toBe(1)
  clock.advance(250)

  expect(await checked).toMatchObject({ lang: 'toy', check: 'lsp', ok: true })
  const opened = heard.find(({ method }) => method === 'textDocument/didOpen')
  expect(opened?.params).toEqual({
    textDocument: { uri: 'file:///home/visitor/main.toy', languageId: 'toy', version: 1, text: 'first\nfirsecond\n' },
  })
  expect(heard.find(({ id }) => (id as unknown) === 'c')).toMatchObject({ result: [true] })
  expect(heard.at(-1)?.params).toMatchObject({ position: { line: 1, character: 3 } })
})

test('lsp fails when the server ends, refuses, or never offers it', async () => {
  const ends = world({ server: (_, __, end) => end() }, SERVED)
  expect(await ends.check('lsp')).toMatchObject({ ok: false, why: 'the language server ended: exit' })

  const refuses = world({ server: ({ id }, answer) => answer({ id, error: { message: 'no' } }) }, SERVED)
  expect(await refuses.check('lsp')).toMatchObject({ ok: false, why: 'the language server refused initialize: no' })

  const never = world({ server: ({ id }, answer) => id !== undefined && answer({ id, result: [{ label: 'other' }] }) }, SERVED)
  const checked = never.check('lsp')
  await settle()
  never.clock.advance(20_000)
  expect(await checked).toMatchObject({ ok: false, why: 'it never offered "first"', output: 'other' })
})
