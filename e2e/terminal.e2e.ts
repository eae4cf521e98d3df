import type { Page } from '@playwright/test'

import { expect, test } from './visitor.ts'

test('words are found in what was printed, forwards, backwards and by case', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.type('_ = [print("Need" + "le" if n in (3, 60) else "hay", n) for n in range(120)]')
  await visitor.sees('hay 119')
  const box = visitor.page.getByRole('search', { name: 'Find in the terminal' })
  const words = box.getByRole('searchbox', { name: 'Words to find' })

  await visitor.terminal.getByRole('textbox').press('Control+f')
  await expect(words).toBeFocused()
  await words.fill('needle')
  await expect(box.getByRole('status')).toHaveText(/of 2$/)
  await visitor.sees(/Needle (?:3|60)/)
  const first = await box.getByRole('status').textContent()
  await words.press('Enter')
  await expect(box.getByRole('status')).not.toHaveText(first ?? '')
  await words.press('Shift+Enter')
  await expect(box.getByRole('status')).toHaveText(first ?? '')

  await box.getByRole('button', { name: 'Match case' }).click()
  await expect(box.getByRole('status')).toHaveText('Not found')
  await words.press('Escape')
  await expect(box).toBeHidden()
  await expect(visitor.terminal.getByRole('textbox')).toBeFocused()
})

test('Clear drops what was printed, and the program goes on', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.type('x = 41; print("be" + "fore")')
  await visitor.sees('before')

  await visitor.button('Clear').click()

  await expect(visitor.screen).not.toContainText('before')
  await visitor.page.keyboard.type('x + 1\n')
  await visitor.sees('42')
})

test('End of input ends what reads to the end', async ({ visitor }) => {
  await visitor.open('bash')
  await visitor.write('tr a-z A-Z; echo d""one\n')
  await visitor.run()
  await expect(visitor.status).toContainText('Running')
  await visitor.type('whisper')
  await visitor.sees('WHISPER')

  await visitor.button('End of input').click()

  await visitor.sees('done')
})

test('a paste of several lines is bracketed for a program that asked', async ({ visitor, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await visitor.open('bash')
  await visitor.write(
    String.raw`stty raw -echo; printf '\e[?2004hre''ady\r\n'; head -c 15 | od -An -c | tr -d ' \n'; stty sane` + '\n',
  )
  await visitor.run()
  await expect(visitor.status).toContainText('Running')
  await visitor.sees('ready')
  await visitor.page.evaluate(() => navigator.clipboard.writeText('a\nb'))

  await visitor.terminal.getByRole('textbox').press('Control+Shift+V')

  await visitor.sees('033[200~a\\rb033[201~')
})

test('Control+Shift+C copies what is selected, Control+C stays the interrupt', async ({ visitor, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.page.evaluate(() => navigator.clipboard.writeText('nothing yet'))
  await visitor.type('print("sel" + "ected")')
  await visitor.sees('selected')
  const { x, y } = await placeOf(visitor.page, 'selected')
  await visitor.page.mouse.dblclick(x, y)

  await visitor.terminal.getByRole('textbox').press('Control+Shift+C')
  await expect.poll(() => visitor.page.evaluate(() => navigator.clipboard.readText())).toBe('selected')

  await visitor.page.keyboard.type('while True: pass\n\n')
  await visitor.terminal.getByRole('textbox').press('Control+c')
  await visitor.sees('KeyboardInterrupt')
})

test('what a program says to the terminal changes nothing outside it', async ({ visitor, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.page.evaluate(() => navigator.clipboard.writeText('mine'))
  const title = await visitor.page.title()
  const size = visitor.page.viewportSize()
  await visitor.write(HOSTILE)

  await visitor.run()

  await visitor.sees(/answers: \[.*\] end/)
  const said = /answers: \[(.*)\] end/.exec((await visitor.screen.textContent()) ?? '')?.[1] ?? ''
  // Who it is, where the cursor stands, that it is well, which colours: and never a word that the program gave it.
  expect(said).not.toContain('INJECT')
  expect(said.match(/\d+;\d+;\d+t/)).toBeNull()
  expect(await visitor.page.evaluate(() => navigator.clipboard.readText())).toBe('mine')
  expect(await visitor.page.title()).toBe(title)
  expect(visitor.page.viewportSize()).toEqual(size)
})

/** Sets title and clipboard, asks for all that terminals answer, and tells what came back. */
const HOSTILE = String.raw`
import os, select, sys, termios, tty
before = termios.tcgetattr(0)
tty.setraw(0)
sent = [
    "\x1b]0;INJECT\x07", "\x1b]2;INJECT\x07", "\x1b]1;INJECT\x07",
    "\x1b]52;c;SU5KRUNU\x07", "\x1b]52;c;?\x07", "\x1b]52;p;SU5KRUNU\x07",
    "\x1b[21t", "\x1b[20t", "\x1b[11t", "\x1b[13t", "\x1b[14t", "\x1b[18t", "\x1b[19t",
    "\x1b[8;10;10t", "\x1b[9;1t", "\x1b[3;0;0t",
    "\x1bP$qINJECT\x1b\\", "\x1bP+q494e4a454354\x1b\\", "\x1b[>q", "\x05",
    "\x1b]50;?\x07", "\x1b]50;INJECT\x07", "\x1b]777;notify;INJECT;INJECT\x07", "\x1b]9;INJECT\x07",
    "\x1b]7;file://INJECT/\x07", "\x1b]1337;File=name=SU5KRUNU:SU5KRUNU\x07",
    "\x1b[c", "\x1b[6n",
]
os.write(1, "".join(sent).encode())
got = b""
while select.select([0], [], [], 1.5)[0]:
    got += os.read(0, 4096)
    if b"R" in got: break
while select.select([0], [], [], 0.3)[0]:
    got += os.read(0, 4096)
termios.tcsetattr(0, termios.TCSADRAIN, before)
print("answers: [" + got.decode("latin1").encode("unicode_escape").decode() + "] end")
`

test('a link opens on a click, in a tab that knows nothing of this one; other schemes do nothing', async ({
  visitor,
  context,
}) => {
  await context.route('https://example.org/**', (route) =>
    route.fulfill({ body: '<title>There</title>', contentType: 'text/html' }),
  )
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.type('print("\\n" * 3 + "https://example" + ".org/there")')
  await visitor.sees('https://example.org/there')
  const [opened] = await Promise.all([context.waitForEvent('page'), clickLink(visitor.page, 'https://example')])
  await expect(opened).toHaveURL('https://example.org/there')
  expect(await opened.evaluate(() => [window.opener, document.referrer])).toEqual([null, ''])
  await opened.close()

  await visitor.type('print("\\x1b]8;;https://example.org/hid" + "den\\x07press he" + "re\\x1b]8;;\\x07")')
  await visitor.sees('press here')
  await clickLink(visitor.page, 'press here')
  const question = visitor.page.getByRole('dialog', { name: 'Open this address?' })
  await expect(question).toContainText('https://example.org/hidden')
  await question.getByRole('button', { name: 'Stay here' }).click()
  await expect(question).toBeHidden()

  await visitor.type('print("\\x1b]8;;javascript:document.title=1\\x07do not fo" + "llow\\x1b]8;;\\x07")')
  await visitor.sees('do not follow')
  const other = await placeOf(visitor.page, 'do not follow')
  await visitor.page.mouse.click(other.x, other.y, { delay: 50 })
  await clickLink(visitor.page, 'press here')
  await expect(question).toContainText('https://example.org/hidden') // the click before has had its time, and opened nothing
  expect(context.pages()).toHaveLength(1)
})

/** Where on the screen the terminal's line stands that begins so; a little into its text. */
const placeOf = (page: Page, begin: string) =>
  page.evaluate((begin) => {
    const rows = [...document.querySelectorAll('.xterm-rows > div')]
    const { x, y, height } =
      rows.find((row) => row.textContent?.replaceAll('\u00a0', ' ').startsWith(begin))?.getBoundingClientRect() ?? new DOMRect()
    return { x: x + 30, y: y + height / 2 }
  }, begin)

async function clickLink(page: Page, begin: string) {
  const { x, y } = await placeOf(page, begin)
  await expect(async () => {
    await page.mouse.move(x + 40, y + 60)
    await page.mouse.move(x, y)
    await expect(page.locator('.xterm-cursor-pointer')).toBeVisible({ timeout: 500 })
  }).toPass()
  await page.mouse.click(x, y, { delay: 50 })
}

test('the panes are sized by keys and by dragging, and stay so', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  const handle = visitor.page.getByRole('separator', { name: 'Size of the panes' })
  const width = async () => (await visitor.page.getByRole('region', { name: 'Editor' }).boundingBox())?.width ?? 0
  const half = await width()

  await handle.focus()
  await handle.press('ArrowRight')
  await expect(handle).toHaveAttribute('aria-valuenow', '55')
  expect(await width()).toBeGreaterThan(half + 20)

  const box = await handle.boundingBox()
  await visitor.page.mouse.move(box?.x ?? 0, 300)
  await visitor.page.mouse.down()
  await visitor.page.mouse.move(400, 300, { steps: 4 })
  await visitor.page.mouse.up()
  expect(Math.abs((await width()) - 400)).toBeLessThan(8)
  await visitor.page.reload()
  await visitor.sees('>>>')
  expect(Math.abs((await width()) - 400)).toBeLessThan(8)

  await handle.dblclick()
  await expect(handle).toHaveAttribute('aria-valuenow', '50')
})
