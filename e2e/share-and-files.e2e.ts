import { expect, expectAccessible, test, type Visitor } from './visitor.ts'

const tab = ({ page }: Visitor, name: string) => page.getByRole('tab', { name, exact: true })
const message = ({ page }: Visitor) => page.getByRole('status', { name: 'Editor message' })
/** The text that the editor shows. */
const shown = (visitor: Visitor) => visitor.page.locator('.cm-content')

async function writeIn({ page }: Visitor, text: string) {
  const editor = page.locator('.cm-content')
  await editor.click()
  await editor.press('ControlOrMeta+a')
  await page.keyboard.insertText(text)
}

async function addFile(visitor: Visitor, name: string) {
  await visitor.button('Add a file').click()
  await visitor.page.getByRole('textbox', { name: 'Name of the new file' }).fill(name)
  await visitor.button('Add').click()
}

async function linkOf({ page, button }: Visitor): Promise<string> {
  await button('Share').click()
  const field = page.getByRole('dialog', { name: 'Share' }).getByRole('textbox', { name: 'Link' })
  await expect(field).toHaveValue(/#1\./)
  const link = await field.inputValue()
  await page.keyboard.press('Escape')
  return link
}

test('a program of two files runs, and both are there after a reload', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.write('import helper\nhelper.greet("two")\n')
  await addFile(visitor, 'helper.py')
  await expect(tab(visitor, 'helper.py')).toHaveAttribute('aria-selected', 'true')
  await writeIn(visitor, 'def greet(n):\n    print("files:", n)\n')

  await visitor.run()
  await visitor.sees('files: two')

  await visitor.page.reload()
  await expect(tab(visitor, 'main.py')).toHaveAttribute('aria-selected', 'true')
  await expect(shown(visitor)).toContainText('import helper')
  await tab(visitor, 'helper.py').click()
  await expect(shown(visitor)).toContainText('def greet(n)')
})

test('files are renamed, closed and brought back by keyboard', async ({ visitor }) => {
  await visitor.open('python')
  await addFile(visitor, '../up.py')
  await expect(visitor.page.getByText('That file name cannot be used')).toBeVisible()
  await visitor.page.getByRole('textbox', { name: 'Name of the new file' }).fill('one.py')
  await visitor.page.keyboard.press('Enter')
  await writeIn(visitor, 'kept = 1\n')

  await tab(visitor, 'one.py').focus()
  await visitor.page.keyboard.press('F2')
  await visitor.page.getByRole('textbox', { name: 'New name of one.py' }).fill('two.py')
  await visitor.page.keyboard.press('Enter')
  await expect(tab(visitor, 'two.py')).toHaveAttribute('aria-selected', 'true')

  await tab(visitor, 'two.py').press('ArrowLeft')
  await expect(tab(visitor, 'main.py')).toBeFocused()
  await tab(visitor, 'main.py').press('Delete')
  await expect(tab(visitor, 'main.py')).toBeVisible()
  await tab(visitor, 'main.py').press('ArrowRight')
  await tab(visitor, 'two.py').press('Delete')
  await expect(tab(visitor, 'two.py')).toHaveCount(0)
  await expect(message(visitor)).toContainText('two.py is closed.')

  await message(visitor).getByRole('button', { name: 'Undo' }).click()

  await tab(visitor, 'two.py').click()
  await expect(shown(visitor)).toHaveText('kept = 1')
})

test('what was written while the undo history was still on its way can be undone', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  const template = await shown(visitor).textContent()
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  await visitor.page.route('**/_next/static/**', async (route) => {
    await held
    await route.continue()
  })
  await writeIn(visitor, 'first')
  await expect(shown(visitor)).toHaveText('first')
  release()

  await expect(async () => {
    await shown(visitor).press('ControlOrMeta+z')
    await expect(shown(visitor)).toHaveText(template ?? '', { timeout: 500 })
  }).toPass()
})

test('each file has its own undo', async ({ visitor }) => {
  await visitor.open('python')
  await writeIn(visitor, 'first')
  await addFile(visitor, 'other.py')
  await shown(visitor).click()
  await visitor.page.keyboard.type('second')
  await tab(visitor, 'main.py').click()
  await shown(visitor).press('ControlOrMeta+z')
  await expect(shown(visitor)).not.toHaveText('first')

  await tab(visitor, 'other.py').click()

  await expect(shown(visitor)).toHaveText('second')
  await shown(visitor).press('ControlOrMeta+z')
  await expect(shown(visitor)).not.toContainText('second')
})

test('arguments and input reach the program, and the end after it', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.write('import sys\nprint(sys.argv[1:], repr(sys.stdin.read()))\n')
  await visitor.page.getByText('Arguments and input').click()
  const args = visitor.page.getByRole('textbox', { name: 'Arguments' })
  await args.fill('-v "two words')
  await expect(visitor.page.getByText('A quote (") is not closed')).toBeVisible()
  await visitor.run()
  await expect(message(visitor)).toContainText('The program was not run')

  await args.fill('-v "two words"')
  await visitor.page.getByRole('textbox', { name: 'Input', exact: true }).fill('one\ntwo')
  await expectAccessible(visitor.page)
  await visitor.run()

  await visitor.sees("['-v', 'two words'] 'one\\ntwo'")
})

test('a text kept by an earlier release is still there', async ({ visitor }) => {
  await visitor.page.addInitScript(() => localStorage.setItem('dragoman.draft.python', 'print("from before")\n'))
  await visitor.open('python')
  await expect(shown(visitor)).toHaveText('print("from before")')
})

test('a link brings the whole program to somebody else, beside what they wrote', async ({ visitor, browser }) => {
  await visitor.open('python')
  await visitor.write('import sys, helper\nprint(helper.word + sys.argv[1])\n')
  await addFile(visitor, 'helper.py')
  await writeIn(visitor, 'word = "shared "\n')
  await visitor.page.getByText('Arguments and input').click()
  await visitor.page.getByRole('textbox', { name: 'Arguments' }).fill('argument')
  const link = await linkOf(visitor)

  const elsewhere = await browser.newContext()
  const other = await elsewhere.newPage()
  const theirs = other.locator('.cm-content')
  await other.goto('/python')
  await theirs.click()
  await theirs.press('ControlOrMeta+a')
  await other.keyboard.insertText('mine = "own"\n')
  await other.goto(link)
  await expect(other.getByText('This program came by a link.')).toBeVisible()
  await expect(theirs).toContainText('import sys, helper')
  await expectAccessible(other)
  await other.getByRole('button', { name: 'Run', exact: true }).click()
  await expect(other.getByRole('region', { name: 'Terminal' }).getByRole('list')).toContainText('shared argument')

  // What they change in it is kept apart, too.
  await theirs.click()
  await other.keyboard.press('ControlOrMeta+Home')
  await other.keyboard.type('# changed ')
  await other.reload()
  await expect(theirs).toContainText('# changed import sys')
  await other.getByRole('button', { name: 'Reset to the link' }).click()
  await expect(theirs).not.toContainText('# changed')

  await other.getByRole('button', { name: 'Back to my text' }).click()

  await expect(theirs).toHaveText('mine = "own"')
  expect(other.url()).toMatch(/\/python$/)
  await other.reload()
  await expect(theirs).toHaveText('mine = "own"')
  await elsewhere.close()
})

for (const [what, part, words] of [
  ['damaged', '1.q1bKScxLV7JSKqgsycjP', 'This link is damaged'],
  ['newer', '7.abc', 'made by a newer release'],
] as const) {
  test(`a ${what} link says so, and leaves the own text`, async ({ visitor }) => {
    await visitor.open('python')
    await writeIn(visitor, 'mine = 1')
    await expect(shown(visitor)).toHaveText('mine = 1')

    await visitor.page.goto(`/python#${part}`)
    await expect(message(visitor)).toContainText(words)
    await expect(shown(visitor)).toHaveText('mine = 1')
  })
}

test('a link opened in a page that is open shows its program', async ({ visitor }) => {
  await visitor.open('python')
  await expect(shown(visitor)).toContainText('greet')
  await visitor.page.evaluate(
    () => (location.hash = '1.q1bKScxLV7JSKqgsycjPU9JRSsvMSS1WsoqOVspNzMzTK6hU0lEqKMrMK9GIUcrIjFHSjMlTio2tBQA'),
  )
  await expect(shown(visitor)).toHaveText('print("hi")')

  await visitor.page.goBack()
  await expect(shown(visitor)).toContainText('greet')
})

test('the dialog copies the link and the Markdown, and says so', async ({ visitor, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await visitor.open('python')
  await visitor.write('print("`")\n')
  await visitor.button('Share').click()
  const dialog = visitor.page.getByRole('dialog', { name: 'Share' })
  const copied = () => visitor.page.evaluate(() => navigator.clipboard.readText())
  await expect(dialog.getByRole('textbox', { name: 'Link' })).toHaveValue(/#1\./)
  await expectAccessible(visitor.page)

  await dialog.getByRole('button', { name: 'Copy link' }).click()
  await expect(dialog.getByRole('status')).toHaveText('Link copied.')
  expect(await copied()).toMatch(/\/python#1\.[\w-]+$/)

  await dialog.getByRole('button', { name: 'Copy as Markdown' }).click()
  await expect(dialog.getByRole('status')).toHaveText('Markdown copied.')
  expect(await copied()).toMatch(/^```python\nprint\("`"\)\n```\n\n\[Run this Python program\]\(http\S+#1\.\S+\)\n$/)
})

test('one file is downloaded as it is, several as an archive', async ({ visitor }) => {
  await visitor.open('python')
  await writeIn(visitor, 'print(1)')
  const download = async () => {
    const started = visitor.page.waitForEvent('download')
    await visitor.page.getByRole('dialog').getByRole('button', { name: 'Download' }).click()
    return (await started).suggestedFilename()
  }
  await visitor.button('Share').click()
  expect(await download()).toBe('main.py')
  await visitor.page.keyboard.press('Escape')
  await addFile(visitor, 'other.py')
  await visitor.button('Share').click()
  expect(await download()).toBe('python.zip')
})

test('too long a program is not put into a link, and its size is told', async ({ visitor }) => {
  await visitor.open('python')
  const noise = await visitor.page.evaluate(() => {
    const bytes = crypto.getRandomValues(new Uint8Array(40_000))
    return Array.from(bytes, (byte) => byte.toString(36)).join('')
  })
  await writeIn(visitor, `text = "${noise}"`)
  await visitor.button('Share').click()
  const dialog = visitor.page.getByRole('dialog', { name: 'Share' })
  await expect(dialog).toContainText(/it would have \d\d KB/)
  await expect(dialog.getByRole('button', { name: 'Copy link' })).toHaveAttribute('aria-disabled', 'true')
})

test('a reset is taken back in one press', async ({ visitor }) => {
  await visitor.open('python')
  await writeIn(visitor, 'mine = 1')
  await addFile(visitor, 'other.py')

  await visitor.button('Reset to template').click()
  await expect(tab(visitor, 'other.py')).toHaveCount(0)
  await expect(shown(visitor)).toContainText('greet')

  await message(visitor).getByRole('button', { name: 'Undo' }).click()
  await expect(tab(visitor, 'other.py')).toBeVisible()
  await tab(visitor, 'main.py').click()
  await expect(shown(visitor)).toHaveText('mine = 1')
})
