import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

import { languagesPage } from '../cli/languages/page.ts'
import { parseResults, resultsText } from '../cli/languages/results.ts'
import { configPage } from '#lib/config/config-page.ts'

const pages = globSync(['*.md', '{docs,lib,app,agent,cli,k8s,e2e,.ci}/**/*.md'])
const TOP = /^(?:app|lib|agent|cli|langs|docs|prisma|public|k8s|e2e|\.ci|server\.ts|package\.json)(?:\/|$)/

test('docs/CONFIG.md is the one that `node cli/docs.ts` makes', () => {
  expect(readFileSync('docs/CONFIG.md', 'utf8')).toBe(configPage())
})

test('docs/languages.md and docs/languages.json are as `npm run languages` writes them', () => {
  const text = readFileSync('docs/languages.json', 'utf8')
  const kept = parseResults(text)
  if (!kept.ok) throw new Error(kept.error)
  expect(text).toBe(resultsText(kept.value))
  expect(readFileSync('docs/languages.md', 'utf8')).toBe(languagesPage(kept.value))
  // The result of a language that is gone would stay for ever.
  expect(kept.value.languages.filter(({ id }) => !existsSync(`langs/${id}.yaml`))).toEqual([])
})

test('every path that a page names exists', () => {
  expect(pages.length).toBeGreaterThan(2)
  expect(
    pages.flatMap((page) =>
      pathsIn(page)
        .filter((path) => !isThere(path))
        .map((path) => `${page}: ${path}`),
    ),
  ).toEqual([])
})

/** Links to files, and words in back quotes that look like paths of ours. Fenced blocks are examples. */
function pathsIn(page: string): string[] {
  const text = readFileSync(page, 'utf8').replaceAll(/^```.*?^```/gms, '')
  const links = [...text.matchAll(/\]\((?!\w+:|#)([^)#\s]+)/g)].map(([, path = '']) => join(dirname(page), path))
  const words = [...text.matchAll(/`([^`\s]+)`/g)].map(([, word = '']) => word).filter((word) => TOP.test(word))
  return [...links, ...words.filter((word) => !/[<>…$]/.test(word))]
}

const isThere = (path: string) => (/[*{]/.test(path) ? globSync(path).length > 0 : existsSync(path))
