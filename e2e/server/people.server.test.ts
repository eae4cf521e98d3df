import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, chromium, type Page } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { ownServer, type OwnServer } from '../../cli/own-server.ts'

const NAME = 'people'
const NO_POOL = { DRAGOMAN_POOL_MEMORY_MIB: '0', DRAGOMAN_PLAIN_MEMBERS: '0' }
const COMMAND = join(import.meta.dirname, '../../cli/dragoman/main.ts')
const ARGS = ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]

let server: OwnServer
let chrome: Browser
beforeAll(async () => {
  server = await ownServer(NAME, NO_POOL)
  chrome = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: ARGS })
})
afterAll(async () => {
  await chrome?.close()
  await server?.stop()
})

/** As whoever runs the server gets it, by the same data folder and port. */
function adminLink(): string {
  const env = { ...process.env, DRAGOMAN_DATA_DIR: `.dragoman/${NAME}`, PORT: new URL(server.url).port }
  const said = execFileSync(process.execPath, [COMMAND, 'admin-link', '--json'], { env, encoding: 'utf8' })
  return (JSON.parse(said) as { url: string }).url
}

async function newPage(width: number): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const context = await chrome.newContext({ viewport: { width, height: 740 }, baseURL: server.url })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  return { page, complaints }
}

test(
  'somebody becomes an admin by a link, makes a token that works, revokes it, and signs out',
  { timeout: 120_000 },
  async () => {
    const { page, complaints } = await newPage(1280)
    await page.goto(adminLink())
    await page.getByRole('button', { name: 'Go on as an admin' }).click()
    await page.getByLabel('What is it for?').fill('continuous integration')
    await page.getByLabel('ask for and cancel builds').check()
    await page.getByRole('button', { name: 'Make a token' }).click()
    const secret = (await page.locator('.secret').textContent()) ?? ''
    const me = async () => (await fetch(`${server.url}/api/v1/me`, { headers: { authorization: `Bearer ${secret}` } })).json()
    expect(await me()).toMatchObject({ role: 'admin', scopes: ['build'] })

    await page.getByRole('button', { name: 'Revoke continuous integration' }).click()
    await page.getByText(/^revoked /).waitFor()
    expect(await me()).toMatchObject({ code: 'bad_token' })
    await page.getByRole('link', { name: 'Audit trail' }).click()
    await page.getByText('token revoked').first().waitFor()

    await page.goto('/account')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(`${server.url}/`)
    await page.getByRole('link', { name: 'Account' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(complaints).toEqual([])
    await page.context().close()
  },
)

test('every page about people fits a phone and passes axe', { timeout: 120_000 }, async () => {
  const { page, complaints } = await newPage(360)
  await page.goto(adminLink())
  await page.getByRole('button', { name: 'Go on as an admin' }).click()
  await page.waitForURL('**/account')
  for (const path of ['/account', '/audit', '/api', '/sign-in?error=link', '/']) {
    await page.goto(path)
    const { violations } = await new AxeBuilder({ page }).analyze()
    const isWider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
    expect([path, violations.map(({ id }) => id), isWider]).toEqual([path, [], false])
  }
  expect(complaints).toEqual([])
  await page.context().close()
})

test('the whole server, with all that is in front of a handler, lets nobody in by a header', async () => {
  const TRICKS = {
    'x-middleware-subrequest': 'proxy:proxy:proxy:proxy:proxy',
    'x-dragoman-nonce': 'x',
    'x-original-url': '/',
    'x-forwarded-host': 'evil.example',
  }
  const at = (path: string, init: RequestInit = {}) => fetch(server.url + path, { redirect: 'manual', headers: TRICKS, ...init })
  for (const path of ['/account', '/audit']) expect([path, (await at(path)).status]).toEqual([path, 303])
  expect((await at('/api/v1/tokens')).status).toBe(401)
  const form = { method: 'POST', body: new URLSearchParams({ person: 'p0123456789abcdef', role: 'admin' }) }
  expect((await at('/account/role', form)).headers.get('location')).toBe('/sign-in?error=form')
  expect((await at('/account', { method: 'POST' })).status).toBe(405)
  expect((await at('/api/v1/builds', { method: 'POST', body: 'x'.repeat(600_000) })).status).toBe(413)
  for (const path of ['/api/v1/me', '/sign-in']) {
    const { headers } = await at(path)
    expect([headers.get('x-content-type-options'), headers.get('x-frame-options')]).toEqual(['nosniff', 'DENY'])
  }
})
