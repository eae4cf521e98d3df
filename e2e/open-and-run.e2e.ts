import { expect, test } from './visitor.ts'

test('a prompt is there by itself, and answers', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await expect(visitor.status).toContainText('Prompt open')

  await visitor.type('print("sum", 20 + 22)')

  await visitor.sees('sum 42')
})

test('a program runs, tells what it used, and leaves its names at the prompt', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.write('found = "tre" + "asure"\nprint(found.upper())\n')

  await visitor.editor.press('ControlOrMeta+Enter')

  await visitor.sees('TREASURE')
  await expect(visitor.status).toContainText(/finished, prompt open/)
  await visitor.type('found * 2')
  await visitor.sees('treasuretreasure')
})

test('a program that ends without a prompt tells how', async ({ visitor }) => {
  await visitor.open('bash')
  await visitor.write('echo o""ver; exit 3\n')

  await visitor.run()

  await visitor.sees('over')
  await expect(visitor.status).toContainText(/failed · exit 3 · \d+\.\d\d s wall/)
})

test('a program that prints and never ends is stopped', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.write('n = 0\nwhile True:\n    print("tick", n); n += 1\n')
  await visitor.run()
  await visitor.sees(/tick \d{3,}/)

  await visitor.button('Stop').click()
  await expect(visitor.status).toContainText(/stopped/)

  await visitor.button('New prompt').click()
  await visitor.sees(/>>>/)
  await visitor.type('print("after" + "wards")')
  await visitor.sees('afterwards')
})

test('Run works from within the terminal', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.write('print("from" + "there")\n')

  await visitor.terminal.getByRole('textbox').press('ControlOrMeta+Enter')

  await visitor.sees('fromthere')
})

test('the program sees the size of the terminal, and sees it change', async ({ visitor }) => {
  const rows = async () => {
    await visitor.type('clear; echo size $(stty size) end')
    await expect(visitor.screen).toContainText(/size \d+ \d+ end/)
    return /size (\d+) (\d+) end/
      .exec((await visitor.screen.textContent()) ?? '')
      ?.slice(1)
      .map(Number)
  }
  await visitor.page.setViewportSize({ width: 1280, height: 800 })
  await visitor.open('bash')
  await visitor.sees('$')
  const large = await rows()

  await visitor.page.setViewportSize({ width: 1000, height: 560 })

  await expect(async () => {
    const [high = 0, wide = 0] = (await rows()) ?? []
    expect(high).toBeLessThan(large?.[0] ?? 0)
    expect(wide).toBeLessThan(large?.[1] ?? 0)
  }).toPass({ timeout: 15_000 })
})
