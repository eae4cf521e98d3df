import type { Page } from '@playwright/test'

import { expect, expectAccessible, test } from './visitor.ts'

test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true })

const overflow = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
const bottomOf = async (page: Page, selector: string) =>
  page.evaluate((selector) => document.querySelector(selector)?.getBoundingClientRect().bottom ?? Infinity, selector)

/** A keyboard as phones have it: laid over the page, told to nothing but the visual viewport. */
async function layKeyboard(page: Page) {
  await page.addInitScript(() => {
    const viewport = Object.assign(new EventTarget(), { height: innerHeight, width: innerWidth, scale: 1, offsetTop: 0 })
    Object.defineProperty(window, 'visualViewport', { value: viewport })
  })
  return {
    async leaves(height: number) {
      await page.evaluate((height) => {
        Object.assign(window.visualViewport as object, { height })
        window.visualViewport?.dispatchEvent(new Event('resize'))
      }, height)
    },
  }
}

test('nothing is cut off at the side, the panes stand one above the other, and a program runs', async ({ visitor }) => {
  await visitor.page.goto('/')
  expect(await overflow(visitor.page)).toBe(0)

  await visitor.open('python')
  await visitor.sees('>>>')
  expect(await overflow(visitor.page)).toBe(0)
  const editor = await visitor.page.getByRole('region', { name: 'Editor' }).boundingBox()
  const terminal = await visitor.terminal.boundingBox()
  expect(terminal?.y).toBeGreaterThanOrEqual((editor?.y ?? 0) + (editor?.height ?? 0))
  expect(terminal?.height).toBeGreaterThan(140)

  await visitor.run()
  await visitor.sees(/Hello, world!/)
})

test('the row of keys types what a phone’s keyboard lacks', async ({ visitor }) => {
  await visitor.open('bash')
  await visitor.sees('$')
  const keys = visitor.page.getByRole('region', { name: 'Keys' })
  const key = (name: string) => keys.getByRole('button', { name, exact: true })
  await visitor.terminal.getByRole('textbox').tap()
  await visitor.page.keyboard.type('echo one ')
  await key('Bar').tap()
  await visitor.page.keyboard.type(' tr a-z A-Z\n')
  await visitor.sees('ONE')
  await expect(visitor.terminal.getByRole('textbox')).toBeFocused()

  await key('Up').tap()
  await visitor.page.keyboard.type(' # again')
  await visitor.sees('tr a-z A-Z # again')
  await key('Ctrl').tap()
  await expect(key('Ctrl')).toHaveAttribute('aria-pressed', 'true')
  await visitor.page.keyboard.type('c')
  await visitor.sees('^C')
  await expect(key('Ctrl')).toHaveAttribute('aria-pressed', 'false')

  await visitor.page.keyboard.type('echo rea""dy; cat; echo o""ver\n')
  await visitor.sees('ready')
  await visitor.page.keyboard.type('heard\n')
  await visitor.sees(/heard\s*heard/)
  await key('End of input').tap()
  await visitor.sees('over')
})

test('keys go to the editor while one writes there', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.write('ab')
  const key = (name: string) => visitor.page.getByRole('region', { name: 'Keys' }).getByRole('button', { name, exact: true })

  await key('Left').tap()
  await key('Bar').tap()

  await expect(visitor.editor).toHaveText('a|b')
})

test('what is to be touched is large enough to be', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  const small = await visitor.page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, select, summary, a, [role="tab"]')]
      .filter((element) => element.checkVisibility())
      .map((element) => ({ name: element.ariaLabel ?? element.textContent, height: element.getBoundingClientRect().height }))
      .filter(({ height }) => height < 40),
  )
  expect(small).toEqual([])
})

test('the keyboard covers nothing: the row of keys stands above it, and the pane in use has the rest', async ({ visitor }) => {
  const keyboard = await layKeyboard(visitor.page)
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.terminal.getByRole('textbox').tap()

  await keyboard.leaves(400)
  await expect.poll(() => bottomOf(visitor.page, '.key-row')).toBeLessThanOrEqual(400)
  await expect(visitor.page.getByRole('tab', { name: 'main.py' })).not.toBeInViewport()
  expect((await visitor.terminal.boundingBox())?.height).toBeGreaterThan(220)
  await visitor.type('print("still " + "here")')
  await visitor.sees('still here')

  await keyboard.leaves(740)
  await expect(visitor.page.getByRole('tab', { name: 'main.py' })).toBeInViewport()
})

test('what the bar has no room for is behind a button', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await expect(visitor.button('New prompt')).toBeHidden()

  await visitor.button('More').tap()
  await expectAccessible(visitor.page)
  await visitor.button('About').tap()

  await expect(visitor.page.getByRole('region', { name: 'About Python' })).toBeVisible()
  expect(await overflow(visitor.page)).toBe(0)
})

for (const scheme of ['light', 'dark'] as const) {
  test(`axe finds nothing on a phone in the ${scheme} theme`, async ({ visitor }) => {
    await visitor.page.emulateMedia({ colorScheme: scheme })
    await visitor.page.goto('/')
    await expectAccessible(visitor.page)
    await visitor.open('python')
    await visitor.sees('>>>')
    await expectAccessible(visitor.page)
  })
}
