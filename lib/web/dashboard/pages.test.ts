import { expect, test } from 'vitest'

import type { LogPage } from '#lib/application/ports/build-logs.ts'
import type { BuildDetail, BuildOverview, LanguageOverview, Overviews } from '#lib/application/ports/overviews.ts'
import { memoryLog } from '#lib/adapters/memory/log.ts'
import type { Deployment } from '#lib/domain/deployment.ts'
import { digestOfHex } from '#lib/domain/digest.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import type { OverviewQuery } from '#lib/domain/overview-query.ts'

import { plainDocument } from '../plain/document.ts'
import { dashboardMaker, type PagesWorld, ROWS_MAX } from './pages.ts'

const NOW = new Date('2026-11-21T12:00:00Z')
const DIGEST = digestOfHex('ab'.repeat(32))
const BUILD = 'b0123456789abcdef' as BuildId
/** What a stranger may have stored: mark-up, an escape, text that turns round. */
const EVIL = '<script>alert(1)</script>\u001b[31m\u202eexe'
const SPELLED = '&#60;script&#62;alert(1)&#60;/script&#62;\\x1b[31m\\x202eexe'

const overview = (lang: string, also: Partial<LanguageOverview> = {}): LanguageOverview => ({
  lang: lang as LangId,
  name: lang,
  live: { number: 2, at: NOW, by: 'ada' },
  image: DIGEST,
  config: DIGEST,
  agent: '1.0.0',
  builtAt: new Date('2026-11-10T12:00:00Z'),
  imageBytes: 123_000_000,
  version: '1.2.3',
  base: { digest: DIGEST, name: 'debian 14' },
  checks: { run: 'ok', repl: 'failed', lsp: 'skipped' },
  openBuilds: 0,
  ended: { id: BUILD, outcome: 'ok' },
  needs: [],
  ...also,
})

const build = (id: string, also: Partial<BuildDetail> = {}): BuildDetail => ({
  id: id as BuildId,
  lang: 'ada' as LangId,
  from: 'package',
  by: 'ada',
  requestedAt: NOW,
  endedAt: NOW,
  outcome: 'failed',
  reason: EVIL,
  steps: [{ step: 'package', state: 'done', attempts: 1, outcome: 'failed', artifact: undefined, skipped: false }],
  inputs: { base: DIGEST, agent: EVIL },
  config: DIGEST,
  retryOf: undefined,
  retriedBy: undefined,
  attempts: [],
  made: [],
  tested: undefined,
  results: [{ check: 'run', outcome: 'failed', ms: 1, why: EVIL }],
  ...also,
})

const deployment = (number: number): Deployment => ({
  lang: 'ada' as LangId,
  number,
  id: DIGEST,
  combination: { lang: 'ada' as LangId, image: DIGEST, config: DIGEST, agent: EVIL },
  kind: 'promote',
  restores: undefined,
  by: EVIL,
  forced: ['run'],
  at: NOW,
})

function world(log = 'all is well\n') {
  const asked: { languages: OverviewQuery[]; builds: unknown[][] } = { languages: [], builds: [] }
  const all = [overview('ada', { name: EVIL, version: EVIL }), overview('c++', { needs: ['stale'], openBuilds: 2 })]
  const overviews: Overviews = {
    async languages(query, _, only) {
      asked.languages.push(query)
      const languages = all.filter(({ lang }) => !only || only.includes(lang))
      return { languages, counts: { all: 2, any: 1, failing: 0, untested: 0, 'old-base': 0, stale: 1 } }
    },
    history: async () => [deployment(2), deployment(1)],
    config: async () => `id: ada\nname: "${EVIL}"\n`,
    async deployed(_, numbers) {
      const both = [
        { number: 1, config: `a\n${EVIL}\n`, packages: { [EVIL]: '1' } },
        { number: 2, config: 'a\nb\n', packages: { gcc: '2' } },
      ]
      return both.filter(({ number }) => numbers.includes(number))
    },
    checks: async () => [
      {
        ...{ check: 'run', runs: 3, passed: 2, skipped: 0, repeated: 2, flaky: 1, medianMs: 1234 },
        latest: [{ build: BUILD, outcome: 'failed' }],
      },
    ],
    buildFigures: async () => [{ build: BUILD, at: NOW, outcome: 'ok', ms: 65_000, imageBytes: 1_500_000 }],
    async builds(...query): Promise<BuildOverview[]> {
      asked.builds.push(query)
      return Array.from({ length: Math.min(query[1], 60) }, (_, n) => build(`b${String(n).padStart(16, '0')}`))
    },
    build: async (id) => (id === BUILD ? build(BUILD) : undefined),
    dayFigures: async () => [{ day: NOW, ok: 3, failed: 1 }],
    queueFigures: async () => [{ at: NOW, open: 2 }],
    bases: async () => [{ digest: DIGEST, name: EVIL, bytes: 1, madeAt: NOW, languages: ['ada' as LangId] }],
    marks: async () => [],
  }
  const chunk = { begins: 0, bytes: Buffer.from(log) }
  const page: LogPage = {
    attempt: {
      build: BUILD,
      step: 'package',
      number: 1,
      bytes: chunk.bytes.length,
      cut: undefined,
      ended: undefined,
      object: undefined,
    },
    chunks: [chunk],
    ended: undefined,
  }
  const dashboard: PagesWorld = {
    overviews,
    agents: async () => [{ version: EVIL, digest: DIGEST, size: 1, madeAt: NOW, protocol: 2, languages: ['ada' as LangId] }],
    logs: {
      logs: {
        read: async (places) => places.map(({ cursor }) => (cursor.at === chunk.bytes.length ? { ...page, chunks: [] } : page)),
      },
      objects: { get: async () => undefined },
    },
    languages: () => [],
    today: () => NOW,
    log: memoryLog(),
  }
  const assets = { styles: '', script: '/_plain/dashboard-1.js', themeScript: 'theme()' }
  const show = async (address: string) => {
    const [path = '', query = ''] = address.split('?')
    const made = await dashboardMaker(dashboard, path, new URLSearchParams(query)).make()
    return { status: made.status, text: 'page' in made ? plainDocument(made.page, assets) : made.rows.text }
  }
  return { asked, show }
}

const EVERY_PAGE = [
  '/dashboard',
  '/dashboard/ada?from=1&to=2',
  '/dashboard/builds',
  `/dashboard/builds/${BUILD}`,
  '/dashboard/agents',
  '/dashboard/bases',
  '/dashboard/rows?id=ada',
  '/dashboard/builds/rows?id=b0000000000000000',
]

test.each(EVERY_PAGE)('on %s what strangers stored is text, and every character of it is seen', async (address) => {
  const { status, text } = await world(`${EVIL}\n`).show(address)

  expect(status).toBe(200)
  expect(text).not.toContain('<script>alert')
  // oxlint-disable-next-line no-control-regex
  expect(text).not.toMatch(/[\u0000-\u0008\u001b\u202a-\u202e\u2066-\u2069]/)
})

test('a name, a reason and a config are shown with what one would not see spelled out', async () => {
  const { show } = world()
  expect((await show('/dashboard')).text).toContain(SPELLED)
  expect((await show(`/dashboard/builds/${BUILD}`)).text).toContain(SPELLED)
  expect((await show('/dashboard/ada')).text).toContain(`<span class="y-string">&#34;${SPELLED}&#34;</span>`)
})

test.each([
  ['/dashboard/nosuchlang', 'There is no such language'],
  ['/dashboard/NoSuch%20Lang', 'There is no such language'],
  ['/dashboard/%ff', 'There is no such language'],
  ['/dashboard/__proto__', 'There is no such language'],
  ['/dashboard/builds/b0000000000000000', 'There is no such build'],
  ['/dashboard/builds/x', 'There is no such build'],
  ['/dashboard/ada/more', 'There is no such page'],
  ['/dashboard/builds/x/y/z', 'There is no such page'],
])('%s is a 404 that says what is missing', async (address, words) => {
  const { status, text } = await world().show(address)
  expect(status).toBe(404)
  expect(text).toContain(words)
})

test('c++ is found with its plus escaped or not', async () => {
  const { show } = world()
  expect((await show('/dashboard/c++')).status).toBe(200)
  expect((await show('/dashboard/c%2B%2B')).status).toBe(200)
})

test('every column that can be sorted is a link, and the one that sorts turns round', async () => {
  const { asked, show } = world()
  const { text } = await show('/dashboard?q=a%26b&needs=stale&sort=size')
  expect(asked.languages).toEqual([{ words: 'a&b', needs: 'stale', sort: 'size', isDown: true }])
  expect(text).toContain('aria-sort="descending"')
  expect(text).toContain('href="/dashboard?q=a%26b&#38;needs=stale&#38;sort=size&#38;order=up"')
  expect(text).toContain('href="/dashboard?q=a%26b&#38;needs=stale&#38;sort=built"')
  expect(text).toMatch(/value="stale"\s+selected/)
})

test('an address that asks for nonsense is the plain page', async () => {
  const { asked, show } = world()
  expect((await show('/dashboard?sort=__proto__&needs=constructor&order=sideways')).status).toBe(200)
  await show('/dashboard/builds?lang=../x&state=toString&below=9.x')
  expect(asked.languages).toEqual([{ words: '', sort: 'name', isDown: false }])
  expect(asked.builds[0]?.[0]).toEqual({})
})

test('checks are told in words: what did not pass by its name, each of the seven with how it stands', async () => {
  const { text } = await world().show('/dashboard')
  expect(text).toContain('repl failed')
  expect(text).toContain('title="lsp: left out"')
  expect(text).toContain('title="scope: not made"')
})

test('a page of builds ends with a link to those below its last, and has charts only where it is of all', async () => {
  const { asked, show } = world()
  const { text } = await show('/dashboard/builds')
  const [, next = ''] = /rel="next"\s+href="([^"]+)"/.exec(text) ?? []
  expect(next).toBe(`/dashboard/builds?below=${NOW.getTime()}.b0000000000000049`)
  expect(text).toContain('id="pass-rate"')
  const second = await show(next)
  expect(asked.builds[1]?.[0]).toEqual({ below: { at: NOW, id: 'b0000000000000049' } })
  expect(second.text).not.toContain('id="pass-rate"')
})

test('rows may be asked for by their ids, and not more than so many', async () => {
  const { asked, show } = world()
  const { text } = await show('/dashboard/rows?id=c%2B%2B&id=nope')
  expect([...text.matchAll(/<tr id="([^"]+)"/g)].map(([, id]) => id)).toEqual(['lang-c++'])
  await show(`/dashboard/builds/rows?${Array.from({ length: 200 }, () => `id=${BUILD}`).join('&')}`)
  expect(asked.builds[0]?.[2]).toHaveLength(ROWS_MAX)
})

test('two deployments are compared, the earlier one first, whichever was named first', async () => {
  const { show } = world()
  const { text } = await show('/dashboard/ada?from=2&to=1')
  expect(text).toContain('From 1 to 2')
  expect(text).toMatch(/class="new"[^]*?>b</)
  expect(text).toMatch(/gcc<\/th>[^]*?not there[^]*?>2</)
  for (const query of ['from=1&to=1', 'from=1', 'from=1&to=99', 'from=x&to=2'])
    expect((await show(`/dashboard/ada?${query}`)).text).not.toContain('id="changes"')
})

test('charts have the same in a table', async () => {
  const { text } = await world().show('/dashboard/ada')
  expect(text).toMatch(/<title>2026-11-21: 1 min 05 s, went well<\/title>/)
  expect(text).toMatch(/<td>1 min 05 s, went well<\/td>/)
  expect(text).toMatch(/50 % \(1 of 2\)/)
})

test('the log ends with its last lines, each an address, and a follower goes on after the last whole one', async () => {
  const lines = Array.from({ length: 700 }, (_, n) => (n === 99 ? 'cc1: error: no' : `line ${n + 1}`)).join('\n')
  const { show } = world(`${lines}\nand a ha`)
  const { text } = await show(`/dashboard/builds/${BUILD}`)
  expect(text).not.toContain('id="L200"')
  expect(text).toContain('<div id="L700"><a href="#L700">700</a><code>line 700</code></div>')
  expect(text).not.toContain('and a ha')
  expect(text).toContain(`from=${encodeURIComponent(`package.1.${lines.length + 1}`)}`)
  expect(text).toContain(`href="/dashboard/builds/${BUILD}?line=100#L100"`)

  const around = await show(`/dashboard/builds/${BUILD}?line=100`)
  expect(around.text).toContain('<a href="#L100">100</a><code>cc1: error: no</code>')
  expect(around.text).not.toContain('data-follow')
})
