import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

import type { Options } from '../dragoman/options.ts'
import { jsonResult, note, result, visibleLine } from '../dragoman/print.ts'
import { serverAt } from './ask-server.ts'
import { keepToken } from './kept-tokens.ts'

/** Takes a token from who is asked, or from stdin, tries it, and keeps it for that server. */
export async function login({ server = '', json }: Options): Promise<number> {
  if (process.stdin.isTTY) note(`Make a token at ${serverAt(server, undefined).url}/account and paste it here:`)
  const token = await readToken()
  const known = await serverAt(server, token).ask('whoAmI', {})
  if (!known.ok) {
    if (json) jsonResult({ ok: false, ...known.error })
    else note(`dragoman: ${visibleLine(known.error.message)}`)
    return 1
  }
  const { name, role, scopes = [] } = known.value
  const path = keepToken(server, token)
  if (json) jsonResult({ ok: true, name, role, scopes })
  else
    result(visibleLine(`You are ${name}, ${role}; the token is for ${['reading', ...scopes].join(', ')}. It is kept in ${path}`))
  return 0
}

/** One line, which is not shown while it is typed. */
async function readToken(): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: process.stdin.isTTY })
  try {
    for await (const line of lines) return line.trim()
    return ''
  } finally {
    lines.close()
  }
}
