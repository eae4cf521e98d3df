import { ownServer, type OwnServer } from '../cli/own-server.ts'
import { showcase } from '../cli/testing/showcase.ts'
import { fillWorkshop } from '../cli/testing/showcase-workshop.ts'
import { expect, expectAccessible, test } from './visitor.ts'

let shop: Awaited<ReturnType<typeof showcase>>
let filled: Awaited<ReturnType<typeof fillWorkshop>>
let server: OwnServer

test.beforeAll(async () => {
  shop = await showcase()
  filled = await fillWorkshop(shop)
  server = await ownServer('workshop', { DATABASE_URL: shop.url, DRAGOMAN_POOL_MEMORY_MIB: '0', DRAGOMAN_PLAIN_MEMBERS: '0' })
})
test.afterAll(async () => {
  await server?.stop()
  await shop?.stop()
})
test.describe.configure({ mode: 'serial' })

const PAGES = [
  '',
  '/lua?from=1&to=2',
  '/evil',
  '/builds',
  '/builds/BROKEN',
  '/agents',
  '/bases',
  '?q=nothing+is+called+so',
  '/nosuchlang',
]
const at = (page: string) => `${server.url}/dashboard${page.replace('BROKEN', filled.broken)}`

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`in the ${colorScheme} theme`, () => {
    test.use({ colorScheme, expectedErrors: [/status of 404/] })

    for (const path of PAGES) {
      test(`axe finds nothing on /dashboard${path}`, async ({ page }) => {
        await page.goto(at(path))
        await expectAccessible(page)
      })
    }
  })
}

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, expectedErrors: [/status of 404/] })

  test('no page of the workshop is wider than the screen', async ({ page }) => {
    for (const path of PAGES) {
      await page.goto(at(path))
      expect([path, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([path, 360])
    }
  })
})

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false })

  test('languages are found, narrowed to what needs attention, and sorted', async ({ page }) => {
    await page.goto(at(''))
    await page.getByRole('combobox', { name: 'Show' }).selectOption('old-base')
    await page.getByRole('button', { name: 'Show' }).click()
    const names = () => page.getByRole('rowheader').getByRole('link').allTextContents()
    expect(await names()).toEqual(['Brainfuck', 'INTERCAL'])
    await page.getByRole('columnheader', { name: 'Image' }).getByRole('link').click()
    expect(await names()).toEqual(['INTERCAL', 'Brainfuck'])
    await expect(page.getByRole('columnheader', { name: 'Image' })).toHaveAttribute('aria-sort', 'descending')
    await page.getByRole('searchbox', { name: 'Find' }).fill('brain')
    await page.getByRole('button', { name: 'Show' }).click()
    expect(await names()).toEqual(['Brainfuck'])
  })

  test('any two deployments are compared, and a broken build leads to its first error', async ({ page }) => {
    await page.goto(at('/python'))
    await page.getByRole('combobox', { name: 'From' }).selectOption({ index: 12 })
    await page.getByRole('button', { name: 'Compare' }).click()
    await expect(page.getByRole('region', { name: 'Changes of the config' })).toContainText('− gone: name: Before')
    await expect(page.getByRole('row', { name: /libexpat1/ })).toContainText('gone')

    await page.goto(at('/builds?state=failed'))
    await page
      .getByRole('row', { name: /haskell/ })
      .getByRole('link', { name: filled.broken })
      .click()
    await page.getByRole('link', { name: 'First error' }).click()
    await expect(page).toHaveURL(/\?line=65#L65$/)
    await expect(page.locator(':target')).toContainText('error: Cannot satisfy -package base-4.99')
    await expect(page.locator(':target')).toBeInViewport()
  })
})

test('what strangers stored runs nowhere and turns no text round', async ({ page }) => {
  page.on('dialog', () => expect('a dialog').toBe('never opened'))
  for (const path of ['', '/evil', '/builds']) await page.goto(at(path))
  await page.goto(at('/evil'))
  await expect(page.getByRole('region', { name: 'Config of evil' })).toContainText(
    'name: "<script>alert(1)</script>" # \\x202e turned',
  )
  await expect(page.getByText('<img src=x onerror=alert(1)> \\x202egnp.exe')).toBeVisible()
})

test('a build that ends shows on every open page by itself', async ({ page, context }) => {
  await page.goto(at('?q=jq'))
  await expect(page.getByRole('status')).toHaveText('Live')
  const row = page.getByRole('row', { name: /jq/ })
  await expect(row).toContainText('1 open')
  const builds = await context.newPage()
  await builds.goto(at('/builds'))
  await expect(builds.getByRole('row', { name: /jq/ })).toContainText('waits its turn')

  const leased = await shop.lease()
  await shop.queue.finish(leased, { outcome: 'failed', reason: 'no such package' })

  await expect(builds.getByRole('row', { name: /jq/ })).toContainText('no such package')
  await page.bringToFront()
  await expect(row).toContainText('failed')
  await expect(row).not.toContainText('open')
})

test('a log grows under the eyes of whoever looks, in its colours, to its end', async ({ page }) => {
  await page.goto(at(`/builds/${filled.going}`))
  const log = page.getByRole('region', { name: 'Log lines' })
  await expect(log).toContainText('Done')
  await page.getByText('The build goes on.').scrollIntoViewIfNeeded()
  await shop.say(filled.leased, 1, '\u001b[31mred\u001b[0m as <b>ever</b>\nhalf a ')
  await expect(log.locator('.fg-red', { hasText: 'red' })).toBeInViewport()
  await shop.say(filled.leased, 2, 'line\n')
  await expect(log).toContainText('half a line')
  await shop.queue.finish(filled.leased, { outcome: 'failed', reason: 'it was enough' })
  await expect(page.getByText('The log is complete.')).toBeVisible()
  await expect(page.getByText('it was enough').first()).toBeVisible()

  const live = await log.innerText()
  await page.reload()
  await expect(page.getByText('The log is complete.')).toBeVisible()
  const words = (text: string) => text.replaceAll(/\s+/g, ' ').replaceAll(/package, attempt 1:? /g, '')
  expect(words(await log.innerText())).toBe(words(live))
})

test('all of it is reached by the keyboard, and a line that an address names is shown', async ({ page }) => {
  await page.goto(at('?needs=old-base'))
  await page.getByRole('searchbox', { name: 'Find' }).focus()
  for (let n = 0; n < 4; n++) await page.keyboard.press('Tab')
  await expect(page.getByRole('link', { name: 'Language', exact: true })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/order=down/)

  await page.goto(at(`/builds/${filled.broken}#L65`))
  await expect(page.locator(':target')).toContainText('error:')
})

test('a page says when it is offline, and is as things are when it is back', async ({ page, context }) => {
  await page.goto(at('?q=forth'))
  await expect(page.getByRole('status')).toHaveText('Live')
  await context.setOffline(true)
  await expect(page.getByRole('status')).toContainText('You are offline')
  await shop.request('forth')
  await context.setOffline(false)
  await expect(page.getByRole('status')).toHaveText('Live')
  await expect(page.getByRole('row', { name: /Forth/ })).toContainText('1 open')
})
