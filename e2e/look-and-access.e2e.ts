import { layCable } from './cable.ts'
import { expect, expectAccessible, test } from './visitor.ts'

for (const scheme of ['light', 'dark'] as const) {
  test.describe(`in the ${scheme} theme`, () => {
    test.use({ colorScheme: scheme, expectedErrors: [/status of 404/] })

    test('axe finds nothing on the index', async ({ page }) => {
      await page.goto('/')
      await expectAccessible(page)
    })

    test('axe finds nothing on an index that is narrowed, nor on one that is empty', async ({ page }) => {
      await page.goto('/?paradigm=functional&ready=yes')
      await expectAccessible(page)
      await page.goto('/?q=klingon')
      await expectAccessible(page)
    })

    test('axe finds nothing on a language, with its find box open, or About', async ({ visitor }) => {
      await visitor.open('python')
      await visitor.sees('>>>')
      await expectAccessible(visitor.page)

      await visitor.button('Find').click()
      await visitor.page.getByRole('searchbox', { name: 'Words to find' }).fill('python')
      await expectAccessible(visitor.page)

      await visitor.button('About').click()
      await expect(visitor.page.getByRole('region', { name: 'About Python' })).toBeVisible()
      await expectAccessible(visitor.page)
    })

    test('axe finds nothing while the line is cut', async ({ visitor }) => {
      const cable = await layCable(visitor.page)
      await visitor.open('python')
      await visitor.sees('>>>')
      await cable.cut()
      await expect(visitor.status).toContainText('Connection lost')
      await expectAccessible(visitor.page)
    })

    test('axe finds nothing where a language is unknown', async ({ page }) => {
      await page.goto('/pyhton')
      await expectAccessible(page)
    })
  })
}

test('a chosen theme holds, and is there before anything is painted', async ({ page }) => {
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  await page.goto('/')
  const light = await paper()
  await page.getByRole('combobox', { name: 'Theme' }).selectOption('Dark')
  const dark = await paper()
  expect(dark).not.toBe(light)

  await page.addInitScript(() => {
    addEventListener('DOMContentLoaded', () => {
      document.documentElement.dataset['atFirst'] = getComputedStyle(document.documentElement).backgroundColor
    })
  })
  await page.goto('/python')
  expect(await page.evaluate(() => document.documentElement.dataset['atFirst'])).toBe(dark)
  await page.goto('/')
  expect(await page.evaluate(() => document.documentElement.dataset['atFirst'])).toBe(dark)

  await expect(page.getByRole('combobox', { name: 'Theme' })).toHaveValue('dark')
  await page.getByRole('combobox', { name: 'Theme' }).selectOption('As the system')
  expect(await paper()).toBe(light)
})

test('the terminal follows a change of theme', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  const colours = () =>
    visitor.page.evaluate(() => getComputedStyle(document.querySelector('.xterm-scrollable-element') as Element).backgroundColor)
  const before = await colours()

  await visitor.page.emulateMedia({ colorScheme: 'dark' })

  await expect.poll(colours).not.toBe(before)
})

test('About tells what a language is, and which version really runs', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.button('About').click()
  const about = visitor.page.getByRole('region', { name: 'About Python' })

  await expect(about).toContainText('1991')
  await expect(about).toContainText('CPython')
  await expect(about).toContainText('python3 -q -i main.py')
  await expect(about).toContainText(/Python 3\.\d+\.\d+/)
  await expect(about.getByRole('link', { name: 'Home' })).toHaveAttribute('href', 'https://www.python.org/')
  await visitor.page.keyboard.press('Escape')
  await expect(about).toBeHidden()
})

test('whoever wants less motion or more contrast gets that, and forced colours leave the marks to be seen', async ({
  visitor,
}) => {
  const { page } = visitor
  await page.emulateMedia({ reducedMotion: 'reduce', contrast: 'more' })
  await visitor.open('python')
  await visitor.sees('>>>')
  const look = (selector: string, property: string) =>
    page.evaluate(
      ([selector, property]) => getComputedStyle(document.querySelector(selector) as Element).getPropertyValue(property),
      [selector, property] as const,
    )
  expect(await look('.button', 'transition-duration')).toBe('0s')
  expect(await look('html', 'color')).toBe('rgb(0, 0, 0)')
  await visitor.terminal.getByRole('textbox').focus()
  await expect(page.locator('.xterm-cursor-blink')).toHaveCount(0)

  await page.emulateMedia({ forcedColors: 'active', contrast: null })
  expect(Number.parseFloat(await look('.band', 'border-bottom-width'))).toBeGreaterThan(0)
  await expectAccessible(page)
})

test('the keyboard gets out of the editor and the terminal', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.editor.focus()
  await visitor.page.keyboard.press('F6')
  await expect(visitor.terminal.getByRole('textbox')).toBeFocused()

  await visitor.page.keyboard.press('Shift+F6')
  await expect(visitor.editor).toBeFocused()

  await visitor.page.keyboard.press('Escape')
  await visitor.page.keyboard.press('Tab')
  await expect(visitor.editor).not.toBeFocused()
})
