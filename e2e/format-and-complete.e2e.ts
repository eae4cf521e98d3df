import { expect, expectAccessible, test, type Visitor } from './visitor.ts'

const message = ({ page }: Visitor) => page.getByRole('status', { name: 'Editor message' })
const shown = (visitor: Visitor) => visitor.page.locator('.cm-content')
const line = (visitor: Visitor, n: number) => visitor.page.locator('.cm-line').nth(n - 1)
const completion = ({ page }: Visitor) => page.getByRole('button', { name: /^Completion/ })
const options = ({ page }: Visitor) => page.getByRole('listbox', { name: 'Completions' })

/** Opens a language and enters its editor, so that its server starts; waits for that. */
async function openServed(visitor: Visitor, lang: string, program: string) {
  await visitor.open(lang)
  await visitor.write(program)
  await expect(completion(visitor)).toHaveText(/on$/)
}

/** Where a word of a line is on the screen. */
const placeOf = (visitor: Visitor, n: number, word: string) =>
  line(visitor, n).evaluate((element, word) => {
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT)
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const at = node.textContent?.indexOf(word) ?? -1
      if (at < 0) continue
      const range = document.createRange()
      range.setStart(node, at)
      range.setEnd(node, at + word.length)
      const { x, y, width, height } = range.getBoundingClientRect()
      return [x + width / 2, y + height / 2] as [number, number]
    }
    throw new Error(`There is no "${word}"`)
  }, word)

test('Format puts the text into form as one step, and keeps the cursor’s place', async ({ visitor }) => {
  await visitor.open('python')
  await expect(visitor.button('Format')).toHaveAttribute('aria-disabled', 'false')
  await visitor.write('x=1\ndef  f( a ):\n        return a\n')
  await visitor.page.keyboard.press('ControlOrMeta+Home')
  await visitor.page.keyboard.press('End')

  await visitor.page.keyboard.press('Shift+Alt+F')

  await expect(line(visitor, 1)).toHaveText('x = 1')
  await expect(shown(visitor)).toContainText('def f(a):')
  await visitor.page.keyboard.type('0')
  await expect(line(visitor, 1)).toHaveText('x = 10')
  await visitor.page.keyboard.press('ControlOrMeta+z')
  await visitor.page.keyboard.press('ControlOrMeta+z')
  await expect(line(visitor, 1)).toHaveText('x=1')
  await expect(shown(visitor)).toContainText('def  f( a ):')
})

test('a text that the formatter does not take stays, and what it said is shown until dismissed', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.write('def broken(:\n')
  await visitor.button('Format').click()
  await expect(message(visitor)).toContainText('The formatter did not take the text. Nothing was changed.')
  await expect(message(visitor)).toContainText(/cannot parse|Cannot parse/i)
  await expect(line(visitor, 1)).toHaveText('def broken(:')
  await expectAccessible(visitor.page)

  await message(visitor).getByRole('button', { name: 'Dismiss' }).click()

  await expect(message(visitor)).toBeEmpty()
})

test('a formatter’s answer to another text than that of now is not taken', async ({ visitor }) => {
  const held: (() => void)[] = []
  let isHeld = false
  await visitor.page.routeWebSocket(/socket\.io/, (page) => {
    page.connectToServer().onMessage((message) => (isHeld ? held.push(() => page.send(message)) : page.send(message)))
  })
  await visitor.open('python')
  await visitor.write('x=1\n')
  isHeld = true
  await visitor.page.keyboard.press('Shift+Alt+F')
  await expect(message(visitor)).toContainText('Formatting…')
  await visitor.page.keyboard.insertText('y=2\n')

  isHeld = false
  for (const send of held) send()

  await expect(message(visitor)).toContainText('The text was changed while it was being formatted')
  await expect(shown(visitor)).toHaveText('x=1y=2')
})

test('Python completes, explains and complains as one writes', async ({ visitor }) => {
  await openServed(visitor, 'python', 'import os\n')
  await visitor.page.keyboard.press('ControlOrMeta+End')
  await visitor.page.keyboard.type('here = os.getc')
  await expect(
    options(visitor)
      .getByRole('option', { name: /getcwd/ })
      .first(),
  ).toBeVisible()
  await expect(visitor.page.locator('.cm-completionInfo')).toContainText('getcwd')
  await expectAccessible(visitor.page)
  await visitor.page.keyboard.press('Enter')
  await expect(line(visitor, 2)).toHaveText('here = os.getcwd')

  await visitor.page.keyboard.type('(')
  await expect(visitor.page.locator('.cm-lsp-signature-tooltip')).toBeVisible()
  await visitor.page.keyboard.press('End')
  await visitor.page.keyboard.type('\nmissing_name')
  await expect(visitor.page.locator('.cm-lintRange-error, .cm-lintRange-warning').first()).toBeVisible()
  await visitor.page.keyboard.press('ControlOrMeta+Shift+M')
  await expect(visitor.page.locator('.cm-panel-lint')).toContainText('missing_name')

  await shown(visitor).click()
  await visitor.page.keyboard.press('ControlOrMeta+End')
  await visitor.page.keyboard.insertText('; pasted_name')
  await expect(visitor.page.locator('.cm-panel-lint')).toContainText('pasted_name')
})

test('C goes to a definition by F12, and says what is under the pointer', async ({ visitor }) => {
  await openServed(visitor, 'c', 'int twice(int n) { return 2 * n; }\n\nint main(void) { return twice(21); }\n')
  await visitor.page.keyboard.press('ControlOrMeta+End')
  await visitor.page.keyboard.press('ArrowUp')
  await visitor.page.keyboard.press('End')
  for (let n = 0; n < 9; n += 1) await visitor.page.keyboard.press('ArrowLeft')

  await visitor.page.keyboard.press('F12')

  await expect(visitor.page.locator('.cm-activeLine')).toContainText('int twice(int n)')
  await visitor.page.mouse.move(...(await placeOf(visitor, 3, 'twice')))
  await expect(visitor.page.locator('.cm-lsp-hover-tooltip')).toContainText('twice')
})

test('a definition in another file shows that file', async ({ visitor }) => {
  await openServed(visitor, 'c', '#include "twice.h"\nint main(void) { return twice(21); }\n')
  await visitor.button('Add a file').click()
  await visitor.page.getByRole('textbox', { name: 'Name of the new file' }).fill('twice.h')
  await visitor.button('Add').click()
  await shown(visitor).click()
  await visitor.page.keyboard.insertText('static int twice(int n) { return 2 * n; }\n')
  await visitor.run() // the server looks for what is included on the disk
  await expect(visitor.status).toContainText(/exit 42|failed/)
  await visitor.page.getByRole('tab', { name: 'main.c' }).click()
  await shown(visitor).click()
  await visitor.page.keyboard.press('ControlOrMeta+End')
  await visitor.page.keyboard.type('// ')
  await visitor.page.keyboard.press('ArrowUp')
  await visitor.page.keyboard.press('End')
  for (let n = 0; n < 9; n += 1) await visitor.page.keyboard.press('ArrowLeft')

  await expect(async () => {
    await visitor.page.keyboard.press('F12')
    await expect(visitor.page.getByRole('tab', { name: 'twice.h' })).toHaveAttribute('aria-selected', 'true', { timeout: 2_000 })
  }).toPass({ timeout: 20_000 })
})

test('a server that is killed is started again, and works', async ({ visitor }) => {
  await openServed(visitor, 'python', 'import os\n')
  await visitor.sees('>>>')
  await visitor.type('import os; os.system("pkill -9 -f langserver"), 1')
  await expect(completion(visitor)).toHaveText(/starting/)

  await expect(completion(visitor)).toHaveText(/on$/, { timeout: 30_000 })

  await shown(visitor).click()
  await visitor.page.keyboard.press('ControlOrMeta+End')
  await visitor.page.keyboard.type('os.getc')
  await expect(options(visitor)).toContainText('getcwd')
})

test('Completion is switched off, stays so through a reload, and comes back', async ({ visitor }) => {
  await openServed(visitor, 'python', 'import os\n')
  await completion(visitor).click()
  await expect(completion(visitor)).toHaveAttribute('aria-pressed', 'false')
  await visitor.page.reload()
  await expect(visitor.connection('connected')).toBeVisible()
  await shown(visitor).click()
  await expect(completion(visitor)).toHaveText(/off$/)

  await completion(visitor).click()

  await expect(completion(visitor)).toHaveText(/on$/)
})
