import { readdirSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, expect, test } from 'vitest'

import { type Digest, digestHex } from '#lib/domain/digest.ts'
import type { LangId } from '#lib/domain/ids.ts'

import { ownServer, type OwnServer } from '../../cli/own-server.ts'
import { deployUntested, pushTiny } from '../../cli/testing/deploy-image.ts'
import { browser, type Browser } from './browser.ts'

const PATIENCE = { timeout: 20_000 }
const lang = 'imaged' as LangId
/** A language that no file of this repository has, and a command that this machine has not. */
const CONFIG = `
id: imaged
name: Imaged
needs: [no-such-command]
main: main.sh
template: |
  cat /etc/word
run: |
  bash main.sh
repl: |
  PS1="$(cat /etc/word)> " exec bash --norc
versionCommand: cat /etc/word
`

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dragoman-images-'))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
async function serve(dataDir: string, env: Record<string, string> = {}): Promise<OwnServer> {
  const server = await ownServer('images', { DRAGOMAN_DATA_DIR: dataDir, DRAGOMAN_POOL_LANGUAGES: lang, ...env })
  closing.push(() => server.stop())
  return server
}
async function visit({ url }: OwnServer): Promise<Browser> {
  const visitor = await browser(url)
  closing.push(() => visitor.close())
  return visitor
}
const deploy = (dataDir: string, image: Digest) => deployUntested(dataDir, { lang, config: CONFIG, image })
/** What the next visitor's prompt says, when there is one. */
async function prompt(server: OwnServer): Promise<string> {
  const visitor = await visit(server)
  const started = await visitor.start(lang)
  if (!started.ok) return started.error.code
  await visitor.saw('> ')
  visitor.close()
  return visitor.text().trim()
}

test('a promoted language runs from its image at once; another image takes over, and who was there stays', async () => {
  const dataDir = await dataFolder()
  const [red, blue] = [await pushTiny(dataDir, lang, { word: 'red' }), await pushTiny(dataDir, lang, { word: 'blue' })]
  const server = await serve(dataDir)
  expect(await prompt(server)).toBe('unknown_lang')
  const index = async () => (await fetch(server.url)).text()
  expect(await index()).not.toContain('Imaged')

  await deploy(dataDir, red)
  await expect.poll(() => prompt(server), PATIENCE).toBe('red>')
  // Its commands are its image's affair: the list does not say that they are missing.
  expect((await index()).split('<li').find((row) => row.includes('Imaged'))).not.toContain('no-such-command')
  const early = await visit(server)
  expect(await early.start(lang)).toMatchObject({ ok: true })
  await early.saw('red> ')
  expect(await early.call('version', {})).toMatchObject({ ok: true, value: { text: 'red' } })

  await deploy(dataDir, blue)
  await expect.poll(() => prompt(server), PATIENCE).toBe('blue>')
  early.type('cat /etc/word\n')
  await early.saw('cat /etc/word\r\nred\r\n')
  const ran = await early.run('main.sh', 'cat /etc/word\n')
  if (!ran.ok) throw new Error(ran.error.code)
  await early.jobEnded(ran.value.job)
  expect(early.text()).toMatch(/red\r\n[^]*red\r\n/)
  expect(early.text()).not.toContain('blue')
})

test('a session on an image outlives a server that was killed, and where images are kept may be gone meanwhile', async () => {
  const dataDir = await dataFolder()
  const image = await pushTiny(dataDir, lang, { word: 'kept' })
  const first = await serve(dataDir)
  await deploy(dataDir, image)
  await expect.poll(() => prompt(first), PATIENCE).toBe('kept>')
  const visitor = await visit(first)
  const session = await visitor.started(lang)
  await visitor.saw('kept> ')
  visitor.type('sleep 1; echo sl""ept\n') // meanwhile the session is recorded
  await visitor.saw('slept')
  const seen = visitor.end()
  first.process.kill('SIGKILL')
  await visitor.until(() => visitor.told.closed)
  rmSync(join(dataDir, 'images'), { recursive: true })

  const second = await serve(dataDir)
  const again = await visit(second)
  expect(await again.resume(session, seen)).toMatchObject({ ok: true, value: { from: seen } })
  again.type('cat /etc/word\n')
  await again.saw('\r\nkept\r\n')
  expect(await prompt(second)).toBe('kept>')
  expect(readdirSync(join(dataDir, 'roots')).filter((name) => !name.startsWith('.'))).toEqual([
    digestHex(image),
    `${digestHex(image)}.used`,
  ])
})
