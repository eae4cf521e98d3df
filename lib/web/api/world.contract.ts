import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { join } from 'node:path'

import { memoryLog } from '#lib/adapters/memory/log.ts'
import { memoryObjectStore } from '#lib/adapters/memory/object-store.ts'
import { pgAnnouncements } from '#lib/adapters/pg/announcements.ts'
import { pgBuildLogs } from '#lib/adapters/pg/build-logs.ts'
import { workshopDatabase } from '#lib/adapters/pg/world.contract.ts'
import { systemClock, systemRandom as random } from '#lib/adapters/system/time.ts'
import { LogFeed } from '#lib/application/builds/log-feed.ts'
import { newPersonId } from '#lib/application/people/admin-link.ts'
import { logIn } from '#lib/application/people/log-in.ts'
import { makeToken } from '#lib/application/people/make-token.ts'
import { csrfOf } from '#lib/application/people/secrets.ts'
import type { SignInProvider } from '#lib/application/ports/sign-in-provider.ts'
import { actorName, type Person, type Role, type Scope } from '#lib/domain/person.ts'
import { openApiWorld } from '#lib/wiring/api.ts'
import { answerByFetch, type FetchHandler } from '../fetch-handler.ts'
import { peopleSite } from '../people/site.ts'
import { problemAnswer } from './answer.ts'
import { api, CSRF_HEADER } from './api.ts'

const LANGS = join(import.meta.dirname, '../../../langs')
/** Each test's requests come from an address of its own, so that none spends another's. */
let addresses = 0

/** The API and the pages about people on a real HTTP server and a real database; GitHub's number 1 is an admin. */
export async function apiWorld(provider?: (site: string) => SignInProvider) {
  const database = await workshopDatabase()
  const log = memoryLog()
  const announcements = pgAnnouncements(database.database, { url: database.url, clock: systemClock, log })
  const workshop = { url: database.url, database: database.database, announcements }
  const objects = memoryObjectStore()
  const feed = new LogFeed({ logs: pgBuildLogs(database.database), objects, announcements, clock: systemClock, log })
  const world = openApiWorld({
    ...{ workshop, log, objects, feed },
    folders: [LANGS],
    languageName: (id) => (id === 'python' ? 'Python' : undefined),
  })
  const visits = { isSecure: false, origins: [] }
  const handler = api(world, visits)
  let people: Readonly<Record<string, FetchHandler>> = {}
  const http = createServer((request, response) => {
    const address = String(request.headers['x-test-address'] ?? 'somewhere')
    const page = people[`${request.method} ${request.url?.split('?', 1)[0]}`]
    const tooLarge = (max: number) => problemAnswer({ code: 'too_large', max })
    void answerByFetch(request, response, { handler: page ?? handler, address, tooLarge })
  })
  await new Promise<void>((done) => http.listen(0, '127.0.0.1', done))
  const { port } = http.address() as AddressInfo // it listens on a port
  const origin = `http://127.0.0.1:${port}`
  const assets = { styles: '', script: '', themeScript: '' }
  people = peopleSite(world, { ...visits, assets, provider: provider?.(origin), admins: ['1'] })

  const somebody = async (role: Role): Promise<Person> => {
    const person: Person = { id: newPersonId(random), name: `a ${role}`, role }
    const note = { id: random.hex(16), actor: actorName(person) }
    return world.people.meet({ provider: 'test', subject: person.id }, person, note)
  }
  return {
    ...database,
    ...{ world, origin, somebody },
    waiting: () => feed.waiting(),
    /** The headers of a browser that somebody signed in with, on a page of ours. */
    async browser(person: Person): Promise<Record<string, string>> {
      const login = await logIn(world, person)
      return { cookie: `dragoman=${login}`, origin, [CSRF_HEADER]: csrfOf(login) }
    },
    async token(person: Person, scopes: readonly Scope[] = ['build', 'deploy', 'admin']) {
      const made = await makeToken({ ...world, today: () => new Date() }, { person, name: 'test', scopes, days: 1 })
      if (!made.ok) throw new Error(made.error.code)
      return { id: made.value.token.id, secret: made.value.secret, headers: { authorization: `Bearer ${made.value.secret}` } }
    },
    /** One request, by default from an address that nobody else has. */
    async ask(method: string, path: string, headers: Record<string, string> = {}, body?: unknown) {
      const own = { 'x-test-address': `address ${++addresses}` }
      const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
      const type = body === undefined ? {} : { 'content-type': 'application/json' }
      const answer = await fetch(`${origin}/api/v1${path}`, { method, headers: { ...own, ...type, ...headers }, ...sent })
      const text = await answer.text()
      return { status: answer.status, headers: answer.headers, text, json: jsonOf(text) }
    },
    /** A page, or a form of one, as a browser asks for it; redirects are not followed. */
    async visit(path: string, { cookie, form, headers }: Visiting = {}) {
      const own = {
        'x-test-address': `visitor ${++addresses}`,
        ...(cookie !== undefined && { cookie }),
        ...(form && { origin }),
        ...headers,
      }
      const sent = form ? { method: 'POST', body: new URLSearchParams(form) } : {}
      const answer = await fetch(`${origin}${path}`, { headers: own, redirect: 'manual', ...sent })
      const cookies = answer.headers.getSetCookie()
      return {
        status: answer.status,
        to: answer.headers.get('location'),
        headers: answer.headers,
        cookies,
        text: await answer.text(),
      }
    },
    async end() {
      http.closeAllConnections()
      await new Promise((done) => http.close(done))
      feed.close()
      await announcements.close()
      await database.end()
    },
  }
}

type Visiting = {
  readonly cookie?: string
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Record<string, string>
}

type Json = { readonly code?: string; readonly [name: string]: unknown }
function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return {}
  }
}
