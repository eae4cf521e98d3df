import { ownServer, type OwnServer } from '../cli/own-server.ts'
import { HELD_INPUT_BYTES_MAX } from '../lib/client/input-buffer.ts'
import { expect, test, visitor as visitorOf } from './visitor.ts'

let server: OwnServer

/** A house with one bed, and one chair for those who wait. */
test.beforeAll(async () => {
  server = await ownServer('full-house', {
    DRAGOMAN_SESSIONS_MAX: '1',
    DRAGOMAN_QUEUE_MAX: '1',
    DRAGOMAN_SESSION_GRACE_SECONDS: '1',
    DRAGOMAN_PLAIN_MEMBERS: '0',
    DRAGOMAN_POOL_LANGUAGES: '',
  })
})
test.afterAll(() => server.stop())
test.describe.configure({ mode: 'serial' })

test('who comes to a full house is told the place in the queue, and let in when it is free', async ({ page, context }) => {
  const first = visitorOf(page)
  await page.goto(`${server.url}/bash`)
  await first.sees('$')
  const second = visitorOf(await context.newPage())
  await second.page.goto(`${server.url}/bash`)
  await expect(second.status).toContainText('number 1 in the queue')

  const third = visitorOf(await context.newPage())
  await third.page.goto(`${server.url}/bash`)
  await expect(third.status).toContainText('Too many people are waiting')
  await third.page.close()

  await page.close()
  await second.sees('$')
  await second.type('echo "I am" in')
  await second.sees('I am in')
})

test('a session that another page takes up says so where it was', async ({ page, context }) => {
  const first = visitorOf(page)
  await page.goto(`${server.url}/bash`)
  await first.sees('$')
  await first.type('echo "be"fore')
  await first.sees('before')
  const kept = await page.evaluate(() => ({ ...sessionStorage }))

  // A copy of the tab, in a browser that has no locks to tell copies apart by.
  const copy = await context.newPage()
  await copy.addInitScript((items) => {
    for (const [name, value] of Object.entries(items)) sessionStorage.setItem(name, value)
    Object.defineProperty(navigator, 'locks', { value: undefined })
  }, kept)
  await copy.goto(`${server.url}/bash`)

  await visitorOf(copy).sees('before')
  await expect(first.status).toContainText('This session goes on in another tab')
})

test('a paste that the program does not read is refused in words, and the terminal goes on', async ({ visitor }) => {
  await visitor.page.goto(`${server.url}/bash`)
  await visitor.sees('$')
  await visitor.type('stty -echo; sleep 1000')
  await expect(visitor.status).toContainText('Prompt open')
  await visitor.terminal.getByRole('textbox').evaluate((terminal, length) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', 'x'.repeat(length))
    terminal.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }))
  }, HELD_INPUT_BYTES_MAX + 1)

  await expect(visitor.page.getByText('The program is not reading')).toBeVisible()
  await visitor.button('Stop').click()
  await expect(visitor.status).toContainText('stopped')
})
