import type { Page } from '@playwright/test'

import { expect, test } from './visitor.ts'

test('typing finds a language, Enter opens it', async ({ page }) => {
  await page.goto('/')
  const box = page.getByRole('searchbox', { name: 'Find a language' })
  await box.click()
  await box.pressSequentially('pyth')

  await expect(page.getByRole('list', { name: 'Languages' }).getByRole('link').first()).toContainText('Python')
  await box.press('Enter')

  await expect(page).toHaveURL('/python')
  await expect(page.getByRole('heading', { name: 'Python' })).toBeVisible()
})

test('the arrow keys walk through the languages and back to the box', async ({ page }) => {
  await page.goto('/')
  const box = page.getByRole('searchbox', { name: 'Find a language' })
  const links = page.getByRole('list', { name: 'Languages' }).getByRole('link')
  await box.click()
  await box.press('ArrowDown')
  await expect(links.first()).toBeFocused()

  await page.keyboard.press('ArrowDown')
  await expect(links.nth(1)).toBeFocused()
  await page.keyboard.press('End')
  await expect(links.last()).toBeFocused()
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowUp')
  await expect(box).toBeFocused()

  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('z')
  await expect(box).toBeFocused()
  await expect(box).toHaveValue('z')
})

test('a search that finds nothing says so, Escape shows all again', async ({ page }) => {
  await page.goto('/')
  const box = page.getByRole('searchbox', { name: 'Find a language' })
  const all = await page.getByRole('list', { name: 'Languages' }).getByRole('link').count()
  await box.fill('klingon')
  await expect(page.getByRole('status')).toHaveText('None fits')

  await box.press('Escape')

  await expect(page.getByRole('list', { name: 'Languages' }).getByRole('link')).toHaveCount(all)
})

const links = (page: Page) => page.getByRole('list', { name: 'Languages' }).getByRole('link')

test('filters and words narrow the list together, and the address says what is shown', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('combobox', { name: 'Paradigm' }).selectOption({ value: 'functional' })
  await page.getByRole('combobox', { name: 'Years' }).selectOption({ value: '1990s' })
  await page.getByRole('searchbox', { name: 'Find a language' }).fill('py')

  await expect(links(page)).toHaveText([/^Python/])
  await expect(page).toHaveURL('/?q=py&paradigm=functional&years=1990s')
  const there = await links(page).allTextContents()
  await page.reload()
  await expect(links(page)).toHaveText(there)
  await expect(page.getByRole('combobox', { name: 'Years' })).toHaveValue('1990s')

  await page.getByRole('link', { name: 'Show all' }).click()
  await expect(page).toHaveURL('/')
  expect(await links(page).count()).toBeGreaterThan(10)
})

test('where nothing fits, the page says so and leads back', async ({ page }) => {
  await page.goto('/?typing=none-such')
  await expect(page.getByRole('heading', { name: 'No language here is all of that' })).toBeVisible()
  await expect(links(page)).toHaveCount(0)

  await page.getByRole('link', { name: /^look at all/ }).click()

  expect(await links(page).count()).toBeGreaterThan(10)
})

test('a random language is one of those that fit', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('searchbox', { name: 'Find a language' }).fill('python')
  await page.getByRole('link', { name: 'Random' }).click()

  await expect(page).toHaveURL('/python')
})

test.describe('without scripts', () => {
  test.use({ javaScriptEnabled: false, expectedErrors: [/status of 404/] })

  test('the filters work as a form', async ({ page }) => {
    await page.goto('/')
    await page.getByRole('combobox', { name: 'Paradigm' }).selectOption({ value: 'functional' })
    await page.getByRole('checkbox', { name: 'Ready here' }).check()
    await page.getByRole('button', { name: 'Show' }).click()

    await expect(links(page).filter({ hasText: /^Python/ })).toBeVisible()
    await expect(links(page).filter({ hasText: /^Bash/ })).toHaveCount(0)
    await expect(page.getByRole('combobox', { name: 'Paradigm' })).toHaveValue('functional')
  })

  test('an unknown name is told in words all the same', async ({ page }) => {
    expect((await page.goto('/pyhton'))?.status()).toBe(404)

    await page.getByRole('list', { name: 'Did you mean' }).getByRole('link', { name: 'Python' }).click()

    await expect(page).toHaveURL('/python')
  })

  test('the languages are links all the same', async ({ page }) => {
    await page.goto('/')
    await page.getByRole('link', { name: /^Python / }).click()

    await expect(page).toHaveURL('/python')
    await expect(page.getByText('The prompt needs scripts')).toBeVisible()
  })
})

test('another name leads to the language by a 301', async ({ page, request }) => {
  const answer = await request.get('/PYTHON?x=1', { maxRedirects: 0 })
  expect(answer.status()).toBe(301)
  expect(answer.headers()['location']).toBe('/python?x=1')

  await page.goto('/Python')
  await expect(page).toHaveURL('/python')
})

test.describe('of an unknown name', () => {
  test.use({ expectedErrors: [/status of 404/] })

  test('there is a page that knows what is near', async ({ page }) => {
    const answer = await page.goto('/pyhton')
    expect(answer?.status()).toBe(404)

    await page.getByRole('list', { name: 'Did you mean' }).getByRole('link', { name: 'Python', exact: true }).click()

    await expect(page).toHaveURL('/python')
  })

  for (const path of [
    '/__proto__',
    '/constructor',
    '/toString',
    '/a/b',
    '/%F0%9F%90%8D',
    '/%3Cscript%3Ealert(1)%3C%2Fscript%3E',
  ]) {
    test(`${path} is a 404`, async ({ page }) => {
      const answer = await page.goto(path)
      expect(answer?.status()).toBe(404)
      await expect(page.getByRole('heading', { name: 'There is no such language here' })).toBeVisible()
    })
  }
})

test('the pages may run their own scripts and no others', async ({ page }) => {
  const answer = await page.goto('/')
  const policy = answer?.headers()['content-security-policy'] ?? ''
  expect(policy).toMatch(/script-src 'self' 'nonce-\w{32}'/)
  expect(policy.split(';').find((line) => line.includes('script-src'))).not.toContain('unsafe')
  expect(answer?.headers()['x-content-type-options']).toBe('nosniff')
  expect(answer?.headers()['x-powered-by']).toBeUndefined()

  const nonces = [policy, (await page.reload())?.headers()['content-security-policy'] ?? ''].map(
    (one) => /nonce-(\w+)/.exec(one)?.[1],
  )
  expect(new Set(nonces).size).toBe(2)
})
