import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { LangId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'

import type { Found, Listed } from '../services.ts'
import { plainPages } from './pages.ts'
import { takenNames } from './taken-names.ts'

const language = (id: string, also: Partial<Language> = {}, needs: readonly string[] = []): Listed => ({
  language: { id: id as LangId, name: id.toUpperCase(), aliases: [], info: {}, ...also } as Language,
  readiness: needs.length === 0 ? { ready: true } : { ready: false, missing: needs, packages: needs },
})

function world() {
  const all = [
    language('ada', { info: { year: 1980, typing: ['Static'] } }, ['gnat']),
    language('basic', { info: { year: 1964, desc: 'A <b>beginner</b>’s & "first"' } }),
    language('c', { info: { year: 1972, typing: ['static'] } }),
  ]
  const find = (name: string): Found => {
    const listed = all.find(({ language: { id } }) => id === name)
    return listed ? { kind: 'id', listed } : { kind: 'none', near: name === 'cc' ? ['c'] : [] }
  }
  const answer = plainPages({ languages: () => all, find }, new Set(['_next', 'healthz', 'logo.svg']))
  const assets = { styles: 'body{}', script: '/_plain/main-1.js', themeScript: 'theme()' }
  const document = (target: string) => {
    const found = answer(target)
    return found && 'document' in found ? found.document(assets, 'n0nce') : ''
  }
  /** Ids of the languages that are to be seen. */
  const shown = (target: string) => [...document(target).matchAll(/<li id="language-([^"]+)" >/g)].map(([, id]) => id)
  return { answer, document, shown }
}

test('the index shows all languages, and those alone that its address asks for', () => {
  const { answer, shown } = world()

  expect(answer('/')?.status).toBe(200)
  expect(shown('/')).toEqual(['ada', 'basic', 'c'])
  expect(shown('/?typing=static')).toEqual(['ada', 'c'])
  expect(shown('/?typing=static&ready=yes')).toEqual(['c'])
  expect(shown('/?kind=nothing')).toEqual([])
})

test('the form stands as the address has it, whatever that holds', () => {
  const page = world().document('/?q=%22%3E%3Cscript%3E&typing=static&years=1960s&kind=%3C!--&ready=yes')

  expect(page).toContain('value="&#34;&#62;&#60;script&#62;"')
  expect(page).toMatch(/<option value="static"\s+selected>static \(2\)<\/option>/)
  expect(page).toMatch(/<option value="1960s"\s+selected>1960s \(1\)<\/option>/)
  expect(page).toMatch(/<option value="&#60;!--"\s+selected>&#60;!--<\/option>/)
  expect(page).toMatch(/name="ready"[^>]*checked/)
})

test('what a language says of itself is text', () => {
  const page = world().document('/')

  expect(page).toContain('A &#60;b&#62;beginner&#60;/b&#62;’s &#38; &#34;first&#34;')
  expect(page).not.toContain('<b>beginner')
})

test('every script of a page carries its nonce', () => {
  const scripts = [
    ...world()
      .document('/')
      .matchAll(/<script\b[^>]*>/g),
  ].map(([tag]) => tag)

  expect(scripts.filter((tag) => !tag.includes('application/json')).every((tag) => tag.includes('nonce="n0nce"'))).toBe(true)
  expect(scripts).toHaveLength(3)
})

test('the index leads to the workshop', () => {
  expect(world().document('/')).toContain('href="/dashboard"')
})

test('a random language is one that fits and is ready; the index is shown where none is', () => {
  const { answer } = world()

  expect(answer('/random?typing=static')).toEqual({ status: 302, location: '/c' })
  expect(answer('/random?kind=nothing')).toEqual({ status: 302, location: '/?kind=nothing' })
  expect(answer('/random')).toMatchObject({ status: 302, location: expect.stringMatching(/^\/(?:basic|c)$/) })
})

test('an unknown name is a 404 with what is near, in words that need no script', () => {
  const { answer, document } = world()

  expect(answer('/cc')?.status).toBe(404)
  expect(document('/cc')).toMatch(/<code>cc<\/code>[\s\S]*<a href="\/c">C<\/a>/)
  expect(answer('/c/d')?.status).toBe(404)
  expect(answer(`/${'x'.repeat(300)}`)?.status).toBe(404)
})

test.each(['/c', '/healthz', '/_next/static/x.js', '/logo.svg', '/healthz/x'])('%s is for Next to answer', (target) => {
  expect(world().answer(target)).toBeUndefined()
})

test('Next has the pages of app/ and the files of public/', () => {
  const names = takenNames(join(import.meta.dirname, '../../..'))

  expect([...names]).toEqual(expect.arrayContaining(['_next', 'healthz', 'readyz', 'metrics', 'logo.svg']))
  expect(names.has('styles')).toBe(false)
})
