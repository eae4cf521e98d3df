import { layCable } from './cable.ts'
import { expect, test, visitor as visitorOf } from './visitor.ts'

test('a reload finds the session as it was, with its screen and its names', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.type('kept = "pre" + "served"; print(kept)')
  await visitor.sees('preserved')

  await visitor.page.reload()

  await visitor.sees('preserved')
  await visitor.type('print(kept[::-1])')
  await visitor.sees('devreserp')
})

test('after a reload the last run stands at the top of the screen again, and its status is told', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.type('print("be" + "fore")')
  await visitor.sees('before')
  await visitor.write('print("mid" + "way")\n')
  await visitor.run()
  await visitor.sees(/midway.*>>>/)

  await visitor.page.reload()

  await visitor.sees(/^midway/)
  await expect(visitor.status).toContainText('finished, prompt open')
})

test('text is kept through a reload, and the template comes back when asked for', async ({ visitor }) => {
  await visitor.open('python')
  const template = await visitor.editor.textContent()
  await visitor.write('# not yet run')

  await visitor.page.reload()
  await expect(visitor.editor).toHaveText('# not yet run')

  await visitor.button('Reset to template').click()
  await expect(visitor.editor).toHaveText(template ?? '')
  await visitor.page.reload()
  await expect(visitor.editor).toHaveText(template ?? '')
})

test('two tabs are two sessions', async ({ visitor, context }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.type('whose = "fir" + "st"; print(whose)')
  await visitor.sees('first')

  const second = visitorOf(await context.newPage())
  await second.open('python')
  await second.sees('>>>')
  await second.type('print("whose" in globals())')

  await second.sees('False')
  await visitor.type('print(whose * 2)')
  await visitor.sees('firstfirst')
})

test('a duplicated tab gets a session of its own and leaves the first in peace', async ({ visitor, context }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.type('whose = "ori" + "ginal"; print(whose)')
  await visitor.sees('original')
  const copied = await visitor.page.evaluate(() => JSON.stringify({ ...sessionStorage }))

  const page = await context.newPage()
  await page.addInitScript((entries) => {
    for (const [key, value] of Object.entries(JSON.parse(entries))) sessionStorage.setItem(key, value as string)
  }, copied)
  const copy = visitorOf(page)
  await copy.open('python')
  await copy.sees('>>>')
  await copy.type('print("whose" in globals())')

  await copy.sees('False')
  await expect(visitor.connection('connected')).toBeVisible()
  await visitor.type('print(whose * 2)')
  await visitor.sees('originaloriginal')
})

test.describe('with the connection lost', () => {
  // Chromium's word for an acknowledgement that was under way just then.
  test.use({ expectedErrors: [/already in CLOSING or CLOSED state/] })

  test('the session goes on, and what was typed meanwhile arrives once', async ({ visitor }) => {
    const cable = await layCable(visitor.page)
    await visitor.open('python')
    await visitor.sees('>>>')
    await visitor.type('import time; [(time.sleep(0.5), print("beat", n)) for n in range(12)] and None')
    await visitor.sees('beat 1')

    await cable.cut()
    await expect(visitor.connection('reconnecting')).toBeVisible()
    await expect(visitor.status).toContainText('Connection lost')
    await visitor.type('print("typed" + "offline")')
    cable.mend()

    await visitor.sees('beat 11')
    await visitor.sees('typedoffline')
    await expect(visitor.connection('connected')).toBeVisible()
    const screen = (await visitor.screen.textContent()) ?? ''
    expect(screen.match(/typedoffline/g)).toHaveLength(1)
    expect(screen.match(/beat \d+/g)).toEqual(Array.from({ length: 12 }, (_, n) => `beat ${n}`))
  })

  test('a flood of output goes on after it, in order', async ({ visitor }) => {
    const cable = await layCable(visitor.page)
    await visitor.open('python')
    await visitor.sees('>>>')
    // Each line holds its number and is as long as the others, so that a lost or doubled byte shows.
    await visitor.write(
      'import time\nfor n in range(40_000):\n    print(f"{n:06d}" * 4)\n    if n % 100 == 0: time.sleep(0.005)\nprint("wh" + "ole")\n',
    )
    await visitor.run()
    await visitor.sees(/000\d\d\d/)

    await cable.cut()
    await expect(visitor.connection('reconnecting')).toBeVisible()
    cable.mend()

    await visitor.sees('whole')
    const lines = ((await visitor.screen.textContent()) ?? '').match(/(\d{6})\1{3}/g) ?? []
    expect(lines.length).toBeGreaterThan(5)
    expect(lines.map((line) => Number(line.slice(0, 6)))).toEqual(lines.map((_, n) => 40_000 - lines.length + n))
  })
})

test('a session that is over is followed by a new one, and it is said', async ({ visitor }) => {
  await visitor.open('python')
  await visitor.sees('>>>')
  await visitor.type('lost = 1')
  await visitor.page.evaluate(() => {
    const key = 'dragoman.session.python'
    const kept = JSON.parse(sessionStorage.getItem(key) ?? '')
    sessionStorage.setItem(key, JSON.stringify({ ...kept, session: '0'.repeat(32) }))
  })

  await visitor.page.reload()

  await visitor.sees('the earlier session is over')
  await visitor.sees('>>>')
  await visitor.type('print("lost" in globals())')
  await visitor.sees('False')
})
