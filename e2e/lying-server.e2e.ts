import { ownServer, type OwnServer } from '../cli/own-server.ts'
import { expect, test, visitor as visitorOf } from './visitor.ts'

let server: OwnServer

/** A house with a language whose server lies; see `e2e/langs/liar.yaml`. */
test.beforeAll(async () => {
  server = await ownServer('lying-server', { DRAGOMAN_CONFIGS: 'e2e/langs', DRAGOMAN_POOL_LANGUAGES: '' })
})
test.afterAll(() => server.stop())
test.describe.configure({ mode: 'serial' })

test('what a language server says is read, and can do nothing', async ({ page }) => {
  const visitor = visitorOf(page)
  const outside: string[] = []
  page.on('request', (request) => request.url().startsWith(server.url) || outside.push(request.url()))
  await page.goto(`${server.url}/liar`)
  await visitor.editor.click()
  await expect(page.getByRole('button', { name: /^Completion/ })).toHaveText(/on$/)

  await page
    .locator('.cm-line')
    .first()
    .hover({ position: { x: 20, y: 8 } })
  const tooltip = page.locator('.cm-lsp-hover-tooltip')
  await expect(tooltip).toContainText('bold')
  await expect(tooltip).toContainText('paragraph')
  expect(await tooltip.locator('img, script, style, svg, iframe, form, button, [style], [onmouseover]').count()).toBe(0)
  const links = await tooltip
    .locator('a')
    .evaluateAll((all) => all.map((one) => one.getAttributeNames().map((n) => one.getAttribute(n))))
  expect(links).toEqual([[], [], ['https://example.org/?a=1&b=2', '_blank', 'noopener noreferrer nofollow']])

  await page.keyboard.press('ControlOrMeta+End')
  await page.keyboard.type('ite')
  await expect(page.getByRole('listbox', { name: 'Completions' })).toContainText('item1')
  await expect(page.locator('.cm-completionInfo')).toContainText('bold')
  await page.keyboard.press('Enter')
  await page.keyboard.type('(')
  await expect(page.locator('.cm-lsp-signature-tooltip')).toContainText('call(a)')
  await page.keyboard.press('F12')
  await page.keyboard.press('F8')

  await expect(page.locator('.cm-content')).toContainText('what is this')
  expect(await page.evaluate(() => 'hurt' in window)).toBe(false)
  expect(outside).toEqual([])
  await page.keyboard.press('ControlOrMeta+End')
  await page.keyboard.type('still writing')
  await expect(page.locator('.cm-content')).toContainText('still writing')
})

test('a language server that breaks the protocol is ended and begun again, and in the end left alone', async ({ page }) => {
  const visitor = visitorOf(page)
  await page.goto(`${server.url}/liar`)
  await visitor.write('BREAK')
  const completion = page.getByRole('button', { name: /^Completion/ })
  await expect(completion).toHaveText(/starting again…$/)
  await expect(completion).toHaveAttribute('title', /It broke the protocol: a message of 9999999999 bytes is too large/)

  await visitor.write('whole again')

  await expect(completion).toHaveText(/on$/, { timeout: 30_000 })
  await page.keyboard.type(' and written')
  await expect(page.locator('.cm-content')).toContainText('whole again and written')
})
