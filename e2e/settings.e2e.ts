import { expect, expectAccessible, test, type Visitor } from './visitor.ts'

const settings = ({ page }: Visitor) => page.getByRole('dialog', { name: 'Settings' })
const set = async (visitor: Visitor, label: string, choice: string) => {
  await visitor.button('Settings').click()
  await settings(visitor).getByRole('combobox', { name: label }).selectOption(choice)
  await visitor.page.keyboard.press('Escape')
  await expect(settings(visitor)).toHaveCount(0)
}
const fontSize = (visitor: Visitor, selector: string) =>
  visitor.page.evaluate((of) => getComputedStyle(document.querySelector(of) as Element).fontSize, selector)
const shown = (visitor: Visitor) => visitor.page.locator('.cm-content')

test('the font size changes in editor and terminal at once, and stays through a reload', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')

  await set(visitor, 'Font size', '20 px')

  await expect.poll(() => fontSize(visitor, '.cm-editor')).toBe('20px')
  await expect.poll(() => fontSize(visitor, '.xterm-rows')).toBe('20px')
  await visitor.page.reload()
  await visitor.sees('>>>')
  await expect.poll(() => fontSize(visitor, '.cm-editor')).toBe('20px')
  await expect.poll(() => fontSize(visitor, '.xterm-rows')).toBe('20px')
})

test('the Tab key goes in by the chosen width, or as the text has it', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.write('if 1:\n  pass')
  await set(visitor, 'Tab width', '8 columns')
  await shown(visitor).click()
  await visitor.page.keyboard.press('ControlOrMeta+Home')
  await visitor.page.keyboard.press('Tab')
  await expect(visitor.page.locator('.cm-line').first()).toHaveText(`${' '.repeat(8)}if 1:`)

  await visitor.write('if 1:\n  pass')
  await set(visitor, 'Tab width', 'As the text has it')
  await shown(visitor).click()
  await visitor.page.keyboard.press('ControlOrMeta+Home')
  await visitor.page.keyboard.press('Tab')
  await expect(visitor.page.locator('.cm-line').first()).toHaveText('  if 1:')
})

test('Vim’s and Emacs’s keys work as soon as they are chosen, and Run still does', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.write('one = 1\ntwo = 2')
  await set(visitor, 'Keymap', 'Vim')
  await expect(visitor.page.locator('.cm-vim-panel')).toBeVisible()
  await shown(visitor).click()
  await visitor.page.keyboard.type('ggddAx')
  await expect(shown(visitor)).toHaveText('two = 2x')
  await visitor.page.keyboard.press('Escape')
  await visitor.page.keyboard.press('u')

  await set(visitor, 'Keymap', 'Emacs')
  await expect(visitor.page.locator('.cm-vim-panel')).toHaveCount(0)
  await shown(visitor).click()
  for (const keys of ['Control+x', 'h', 'Control+w']) await visitor.page.keyboard.press(keys)
  await visitor.page.keyboard.insertText('print("ke" + "ys")\nrest')
  await visitor.page.keyboard.press('Control+a')
  await visitor.page.keyboard.press('Control+k')
  await expect(shown(visitor)).toHaveText('print("ke" + "ys")')
  for (const keys of ['Control+y', 'Control+a', 'Control+Space', 'Control+e', 'Control+w'])
    await visitor.page.keyboard.press(keys)
  await expect(shown(visitor)).toHaveText('print("ke" + "ys")')
  await visitor.page.keyboard.press('Control+Enter')
  await visitor.sees('keys')
})

test('the screen reader’s text is switched off and on', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.button('Settings').click()
  const box = settings(visitor).getByRole('checkbox', { name: 'Screen-reader text of the terminal' })
  await box.uncheck()
  await expect(visitor.page.locator('.xterm-accessibility')).toHaveCount(0)
  await box.check()
  await expect(visitor.page.locator('.xterm-accessibility')).toHaveCount(1)
})

test('the theme is chosen in the panel', async ({ visitor }) => {
  await visitor.open('python')
  await set(visitor, 'Theme', 'Dark')
  expect(await visitor.page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark')
})

for (const scheme of ['light', 'dark'] as const) {
  test.describe(`in the ${scheme} theme`, () => {
    test.use({ colorScheme: scheme })

    test('axe finds nothing in the dialogs, and each gives the focus back', async ({ visitor }) => {
      await visitor.open('python')
      await visitor.sees('>>>')
      for (const [name, title] of [
        ['Settings', 'Settings'],
        ['Share', 'Share'],
        ['Keys', 'Keys'],
      ] as const) {
        const opener = visitor.page.locator('.editor-acts').getByRole('button', { name, exact: true })
        await opener.click()
        await expect(visitor.page.getByRole('dialog', { name: title })).toBeVisible()
        await expectAccessible(visitor.page)
        await visitor.page.keyboard.press('Escape')
        await expect(visitor.page.getByRole('dialog', { name: title })).toHaveCount(0)
        await expect(opener).toBeFocused()
      }
    })
  })
}

test('F1 shows all keys, from the editor too, and leaves it to the program in the terminal', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  const keys = visitor.page.getByRole('dialog', { name: 'Keys' })
  await visitor.editor.press('F1')
  await expect(keys).toContainText('Run the program')
  await expect(keys).toContainText('Go to the definition')
  await visitor.page.keyboard.press('Escape')
  await expect(keys).toHaveCount(0)

  await visitor.terminal.getByRole('textbox').press('F1')
  await visitor.terminal.getByRole('textbox').press('ControlOrMeta+.')
  await expect(visitor.status).toContainText('stopped')
  await expect(keys).toHaveCount(0)
})
