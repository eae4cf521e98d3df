import { spawn } from 'node:child_process'
import { resolve } from 'node:path'

import { expect, test } from 'vitest'

const DRAGOMAN = resolve(import.meta.dirname, '../dragoman.mjs')
/** As Ctrl-C does it: to everybody in the group, twice within a blink. */
const TWICE = 2

test('Ctrl-C twice ends a test at once, and its server with it', async () => {
  const child = spawn(DRAGOMAN, ['test', 'bash', 'python'], { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let err = ''
  const begun = new Promise<string>((done) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
      const url = /^Testing at (\S+)$/m.exec(err)?.[1]
      if (url && /^ok /m.test(err)) done(url)
    })
  })
  const ended = new Promise((done) => child.on('close', (status, signal) => done(status ?? signal)))
  const url = await begun
  for (let n = 0; n < TWICE; n++) process.kill(-(child.pid ?? 0), 'SIGINT')

  expect(await ended).toBe(130)
  const isGone = () => fetch(`${url}/healthz`).then(() => false, () => true) // prettier-ignore
  await expect.poll(isGone).toBe(true)
})
