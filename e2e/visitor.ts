import { AxeBuilder } from '@axe-core/playwright'
import { test as base, expect, type Page } from '@playwright/test'

/** What a person sees and touches on a language's page, by role and label. */
export type Visitor = ReturnType<typeof visitor>

export function visitor(page: Page) {
  const terminal = page.getByRole('region', { name: 'Terminal' })
  const status = page.locator('footer').getByRole('status')
  return {
    page,
    terminal,
    status,
    editor: page.getByRole('textbox', { name: /program$/ }),
    button: (name: string) => page.getByRole('button', { name, exact: true }),
    /** The terminal's screen, as its screen-reader text has it. */
    screen: terminal.getByRole('list'),
    connection: (words: string) => page.locator('footer').getByText(words, { exact: true }),

    async open(lang: string) {
      await page.goto(`/${lang}`)
      await expect(page.locator('footer').getByText('connected', { exact: true })).toBeVisible()
    },
    /** Waits for Python's prompt at the end of what is on the screen. */
    async sees(text: string | RegExp) {
      await expect(terminal.getByRole('list')).toContainText(text)
    },
    async type(line: string) {
      await terminal.getByRole('textbox').pressSequentially(line)
      await terminal.getByRole('textbox').press('Enter')
    },
    async write(program: string) {
      const editor = page.getByRole('textbox', { name: /program$/ })
      await editor.click()
      await editor.press('ControlOrMeta+a')
      await page.keyboard.insertText(program)
    },
    run: () => page.getByRole('button', { name: 'Run', exact: true }).click(),
  }
}

/** Errors of the page that a test expects, such as the 404 it asks for. */
type Fixtures = { visitor: Visitor; expectedErrors: RegExp[]; nothingBroke: void }

export const test = base.extend<Fixtures>({
  expectedErrors: [[], { option: true }],
  visitor: async ({ page }, use) => use(visitor(page)),
  nothingBroke: [
    async ({ context, expectedErrors }, use) => {
      const errors: string[] = []
      const note = (text: string) => expectedErrors.some((one) => one.test(text)) || errors.push(text)
      context.on('console', (message) => message.type() === 'error' && note(message.text()))
      context.on('weberror', (error) => note(error.error().message))
      await use()
      expect(errors).toEqual([])
    },
    { auto: true },
  ],
})

/** Fails with what axe finds: rule, and where. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)).toEqual([])
}

export { expect }
