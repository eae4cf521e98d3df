/**
 * Escape sequences and line ends wherever somebody's words could come to an operator's terminal or log: names of languages,
 * files and events, tokens, arguments, headers, addresses, what a program and a formatter print. Expected: the log holds no
 * control byte and whole records, one on a line, and the answers spell them out or refuse.
 */
import type { Attack } from '../attack.ts'
import { sh } from '../programs.ts'

const EVIL = '\u001b]0;owned\u0007\u001b[2J\r\n{"level":60,"msg":"forged"}\r\n\u009b31m\u202e'
// What the attack is about.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/

export const attack: Attack = {
  number: 61,
  what: 'Escape sequences in names, events, headers, addresses and output, for whoever reads the log',
  expected: 'no control byte and no forged line in the log',
  quick: true,
  env: { DRAGOMAN_LOG_LEVEL: 'debug' },
  async act(actor, { expect, server, open }) {
    const { socket } = actor
    for (const [event, body] of [
      ['start', { lang: EVIL, cols: 80, rows: 24 }],
      ['resume', { session: EVIL, token: EVIL, offset: 0, inputEnd: 0, cols: 80, rows: 24 }],
      ['run', { files: [{ path: EVIL, text: EVIL }], args: [EVIL], flags: [EVIL], input: EVIL }],
      ['task', { name: EVIL }],
    ] as const) {
      const answer = await actor.call(event as 'run', body)
      expect(!answer.ok, `"${event}" took it`)
    }
    await actor.call('format', { text: EVIL }) // a formatter may take anything
    socket.emit(EVIL as 'ack', 0)
    socket.emit('input', EVIL as unknown as number, Buffer.from(EVIL))
    const quoted = `/${encodeURIComponent(EVIL)}`
    for (const path of [quoted, `/python?x=${quoted}`, `/socket.io/?EIO=4&transport=${quoted}`, `/metrics?${quoted}`]) {
      await fetch(`${server.url}${path}`, { headers: { 'user-agent': 'a\u009bb', referer: quoted, cookie: quoted } })
    }
    const other = await open()
    await other.run(sh(`printf '${JSON.stringify(EVIL).slice(1, -1).replaceAll("'", '')}' | tee /dev/stderr; exit 9`))
    other.close() // and not a word of goodbye

    const lines = server.log().split('\n').filter(Boolean)
    expect(lines.length > 0, 'nothing was logged at all, so nothing is shown')
    for (const line of lines) expect(!CONTROL.test(line), `the log holds control bytes: ${JSON.stringify(line).slice(0, 200)}`)
    const forged = lines.filter((line) => !isRecord(line) || line.includes('"msg":"forged"'))
    expect(forged.length === 0, `lines that are no record: ${forged.slice(0, 3).join(' | ')}`)
  },
}

function isRecord(line: string): boolean {
  try {
    return typeof (JSON.parse(line) as { msg?: unknown }).msg === 'string'
  } catch {
    return false
  }
}
