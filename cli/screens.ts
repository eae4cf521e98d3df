import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { type Browser, type BrowserContextOptions, chromium, type Page } from '@playwright/test'

import { ownServer } from './own-server.ts'
import { showcase } from './testing/showcase.ts'
import { fillWorkshop } from './testing/showcase-workshop.ts'

// Takes a picture of every page in each of its looks, into docs/screens/, for people to look at: `npm run screens`, or with
// the beginnings of names of those alone that are wanted: `npm run screens workshop`.

const wanted = process.argv.slice(2)
const isWanted = (name: string) => wanted.length === 0 || wanted.some((start) => name.startsWith(start))

const OUT = resolve(import.meta.dirname, '../docs/screens')
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const ARGS = ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]
const UNLIMITED = { DRAGOMAN_SESSIONS_PER_ADDRESS: '100', DRAGOMAN_STARTS_PER_MINUTE_PER_ADDRESS: '6000' }

const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: 'light', isMobile: true, hasTouch: true },
}

type Step = (page: Page) => Promise<unknown>
const press =
  (name: string): Step =>
  async (page) => {
    const button = page.getByRole('button', { name, exact: true })
    // On a phone it may be behind the button that has the rest.
    if (!(await button.isVisible())) await page.getByRole('button', { name: 'More', exact: true }).click()
    await button.click()
  }
const sees =
  (text: string | RegExp): Step =>
  (page) =>
    page.getByText(text).first().waitFor()
const prompt = sees('>>>')

const SCREENS: Readonly<Record<string, { readonly path: string; readonly steps?: readonly Step[] }>> = {
  index: { path: '/' },
  'index-filtered': { path: '/?paradigm=functional&years=1990s' },
  'index-empty': { path: '/?q=klingon&kind=general' },
  missing: { path: '/pyhton' },
  'sign-in': { path: '/sign-in?error=link' },
  api: { path: '/api' },
  python: { path: '/python', steps: [prompt, writeSieve, press('Run'), sees(/25 primes below/)] },
  about: { path: '/python', steps: [prompt, press('About'), sees('the version here')] },
  find: { path: '/python', steps: [prompt, press('Find'), (page) => page.keyboard.type('type'), sees('1 of 1')] },
  share: { path: '/python', steps: [prompt, press('Share'), (page) => page.getByRole('dialog').waitFor()] },
  settings: { path: '/python', steps: [prompt, press('Settings'), (page) => page.getByRole('dialog').waitFor()] },
  keys: { path: '/python', steps: [prompt, press('Keys'), (page) => page.getByRole('dialog').waitFor()] },
  'c-run': { path: '/c', steps: [sees('connected'), press('Run'), sees(/finished · exit 0/)] },
  offline: { path: '/python', steps: [prompt, (page) => page.context().setOffline(true), cutLine, sees('You are offline')] },
}

const SIEVE = `def primes(end):
    """All primes below end, by the sieve of Eratosthenes."""
    is_prime = [False, False] + [True] * (end - 2)
    for n in range(2, int(end**0.5) + 1):
        if is_prime[n]:
            is_prime[n * n :: n] = [False] * len(is_prime[n * n :: n])
    return [n for n in range(end) if is_prime[n]]


print(len(primes(100)), "primes below 100:")
print(*primes(100))
`

async function writeSieve(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: /program$/ }).click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(SIEVE)
}

/** Of a workshop in the middle of its work; BROKEN and GOING are builds of it. */
const WORKSHOP: Readonly<Record<string, { readonly path: string; readonly steps?: readonly Step[] }>> = {
  'workshop-languages': { path: '?sort=built', steps: [sees('Live')] },
  'workshop-attention': { path: '?needs=old-base', steps: [sees('Live')] },
  'workshop-nothing': { path: '?q=klingon', steps: [sees('Live')] },
  'workshop-language': { path: '/python', steps: [sees('Live')] },
  'workshop-changes': { path: '/python?from=1&to=13#changes', steps: [sees('Live')] },
  'workshop-hostile': { path: '/evil', steps: [sees('Live')] },
  'workshop-builds': { path: '/builds', steps: [sees('Live')] },
  'workshop-failed': { path: '/builds/BROKEN?line=65#L65', steps: [sees('Live')] },
  'workshop-going': { path: '/builds/GOING', steps: [sees('Live')] },
  'workshop-agents': { path: '/agents', steps: [sees('Live')] },
  'workshop-bases': { path: '/bases', steps: [sees('Live')] },
  'workshop-missing': { path: '/nosuchlang' },
  'workshop-offline': {
    path: '?sort=built',
    steps: [sees('Live'), (page) => page.context().setOffline(true), sees('You are offline')],
  },
}

async function main(): Promise<void> {
  if (wanted.length === 0) rmSync(OUT, { recursive: true, force: true })
  mkdirSync(OUT, { recursive: true })
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS })
  try {
    if (Object.keys(SCREENS).some(isWanted)) await playground(browser)
    if (isWanted('full')) await fullHouse(browser)
    if (Object.keys(WORKSHOP).some(isWanted)) await workshop(browser)
  } finally {
    await browser.close()
  }
}

async function playground(browser: Browser): Promise<void> {
  const server = await ownServer('screens', UNLIMITED)
  try {
    for (const [name, { path, steps = [] }] of Object.entries(SCREENS)) await inEachLook(browser, name, server.url + path, steps)
  } finally {
    await server.stop()
  }
}

async function workshop(browser: Browser): Promise<void> {
  const shop = await showcase()
  try {
    const { broken, going } = await fillWorkshop(shop)
    const server = await ownServer('screens', { DATABASE_URL: shop.url, DRAGOMAN_POOL_MEMORY_MIB: '0' })
    try {
      for (const [name, { path, steps = [] }] of Object.entries(WORKSHOP)) {
        const url = `${server.url}/dashboard${path.replace('BROKEN', broken).replace('GOING', going)}`
        await inEachLook(browser, name, url, steps)
      }
    } finally {
      await server.stop()
    }
  } finally {
    await shop.stop()
  }
}

/** With room for one, which somebody has, the next one waits. */
async function fullHouse(browser: Browser): Promise<void> {
  const server = await ownServer('screens', { ...UNLIMITED, DRAGOMAN_SESSIONS_MAX: '1' })
  try {
    const first = await browser.newPage()
    await first.goto(`${server.url}/python`)
    await prompt(first)
    await inEachLook(browser, 'full', `${server.url}/python`, [sees('All sandboxes are taken')])
  } finally {
    await server.stop()
  }
}

async function inEachLook(browser: Browser, name: string, url: string, steps: readonly Step[]): Promise<void> {
  if (!isWanted(name)) return
  for (const [look, options] of Object.entries(LOOKS)) {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    await page.routeWebSocket(/\/socket\.io\//, (near) => {
      const far = near.connectToServer()
      LINES.set(page, () => Promise.all([near.close(), far.close()]))
    })
    await page.goto(url)
    for (const step of steps) await step(page)
    await page.screenshot({ path: join(OUT, `${name}-${look}.png`), animations: 'disabled', caret: 'hide' })
    process.stdout.write(`${name}-${look}.png\n`)
    await context.close()
  }
}

const LINES = new WeakMap<Page, () => Promise<unknown>>()

function cutLine(page: Page): Promise<unknown> {
  return LINES.get(page)?.() ?? Promise.reject(new Error('There is no line to cut'))
}

await main()
