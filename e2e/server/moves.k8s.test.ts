import { once } from 'node:events'

import { type Browser, type BrowserContextOptions, chromium } from '@playwright/test'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Balancer, tcpBalancer } from '../../cli/bench/cluster/balancer.ts'
import { ownServer, type OwnServer } from '../../cli/own-server.ts'
import { apply, kubeconfigPath } from '../../k8s/test-cluster/kubectl.ts'
import { type OwnDatabase, ownDatabase } from '../../k8s/test-cluster/own-database.ts'
import { type OwnNamespace, ownNamespace } from '../../k8s/test-cluster/own-namespace.ts'
import { testWorld } from '../../k8s/test-cluster/world.ts'
import { visitor } from '../visitor.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
/** Root may not use Chromium's own sandbox; what it opens here is our own pages. */
const ARGS = ['--disable-gpu', '--disable-background-networking', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]
/** A busy machine starts a server, and a first pod, slowly. */
const PATIENCE_MS = 120_000
const PATIENCE = { timeout: PATIENCE_MS, interval: 100 }
const KEY_MS = 40
const LOOK_MS = 100
/** What a page may say while its server is killed: nothing of it is said when one only goes. */
const BROKEN = /reconnecting|Connection lost|Taking the session up/
const WIDE: BrowserContextOptions = { viewport: { width: 1280, height: 800 } }
const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }

let database: OwnDatabase
let namespace: OwnNamespace
let balancer: Balancer
let chrome: Browser
const servers: OwnServer[] = []

beforeAll(async () => {
  ;[database, namespace, balancer, chrome] = await Promise.all([
    ownDatabase(),
    ownNamespace('moves'),
    tcpBalancer(),
    chromium.launch({ executablePath: CHROMIUM, args: ARGS }),
  ])
  await apply({
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'closed', namespace: namespace.name } },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  })
})
afterAll(async () => {
  await chrome?.close()
  balancer?.close()
  for (const server of servers) server.process.kill('SIGKILL') // nobody has to be handed over at the end
  await Promise.all(servers.map((server) => server.stop()))
  await Promise.all([database?.end(), namespace?.end()])
})

/** Behind the balancer once it is ready. */
async function serve(name: string): Promise<OwnServer> {
  const { registryUrl, agentCache } = testWorld()
  const server = await ownServer(name, {
    ...{ DRAGOMAN_SANDBOXES: 'pods', DRAGOMAN_REPLICA: name, DRAGOMAN_KUBECONFIG: kubeconfigPath() },
    ...{ DRAGOMAN_SESSIONS_NAMESPACE: namespace.name, DRAGOMAN_AGENT_CACHE: agentCache },
    ...{ DATABASE_URL: database.url, DRAGOMAN_REGISTRY_URL: registryUrl, DRAGOMAN_POOL_MEMORY_MIB: '0' },
    DRAGOMAN_ORIGINS: balancer.url,
  })
  servers.push(server)
  await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status, PATIENCE).toBe(200)
  balancer.add(server.url)
  return server
}

/** As a cluster ends a pod, or loses one. */
async function end(server: OwnServer, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const exited = once(server.process, 'exit')
  server.process.kill(signal)
  await exited
  balancer.remove(server.url)
}

/** Somebody who types a line after the other, and all that stood below and in their terminal meanwhile. */
async function typist(look: BrowserContextOptions) {
  const context = await chrome.newContext({ ...look, baseURL: balancer.url })
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  const { type, terminal, screen, connection } = visitor(page)
  const connected = () =>
    connection('connected')
      .waitFor()
      .catch(async (cause: unknown) => {
        throw new Error(`A page is not connected, and says: ${await page.locator('footer').innerText()}`, { cause })
      })
  const sees = (words: string) => screen.filter({ hasText: words }).waitFor()
  await page.goto('/python')
  await connected()
  await sees('>>>')
  await type('import os; me = os.urandom(4).hex(); answer = lambda n: print(f"={n}={me}=")')
  await page.evaluate(() => {
    const footer = document.querySelector('footer')
    const said: string[] = []
    Object.assign(globalThis, { said })
    if (footer)
      new MutationObserver(() => said.push(footer.innerText)).observe(footer, {
        subtree: true,
        childList: true,
        characterData: true,
      })
  })

  const seen: string[] = []
  const text = async () => (await screen.textContent()) ?? ''
  let typed = 0
  let isOver = false
  const typing = (async () => {
    for (; !isOver; typed++) {
      await terminal.getByRole('textbox').pressSequentially(`answer(${typed})`, { delay: KEY_MS })
      await terminal.getByRole('textbox').press('Enter')
    }
  })()
  const looking = (async () => {
    for (; !isOver; await page.waitForTimeout(LOOK_MS)) seen.push(await text())
  })()
  const busy = Promise.all([typing, looking])
  busy.catch(() => undefined) // until somebody asks, which a test that failed does not
  return {
    lines: () => typed,
    /** Until a line that was begun from now on has its answer. */
    goesOn: () => {
      const next = typed + 1
      return expect
        .poll(() => Number(seen.at(-1)?.match(/=(\d+)=[0-9a-f]{8}=[^=]*$/)?.[1] ?? -1), PATIENCE)
        .toBeGreaterThanOrEqual(next)
    },
    /** What the page said below the terminal since it was asked last. */
    said: () => page.evaluate(() => (globalThis as unknown as { said: string[] }).said.splice(0)), // put there above
    connected,
    /** Of each look at the screen the answers that stood there. */
    async stop() {
      isOver = true
      await busy
      await sees(`=${typed - 1}=`)
      seen.push(await text())
      await context.close()
      return seen.map((screenful) => [...screenful.matchAll(/=(\d+)=([0-9a-f]{8})=/g)].map(([, n, by]) => ({ n: Number(n), by })))
    },
  }
}

test('two who type notice nothing while every server is replaced, and little when one is killed; their prompt stays the same', async () => {
  const [a, b] = await Promise.all([serve('moves-a'), serve('moves-b')])
  const typists = await Promise.all([typist(WIDE), typist(PHONE)])

  const [c] = await Promise.all([serve('moves-c'), end(a, 'SIGTERM')])
  const [d] = await Promise.all([serve('moves-d'), end(b, 'SIGTERM')])
  await Promise.all(typists.map((one) => one.goesOn()))
  for (const one of typists) expect((await one.said()).filter((words) => BROKEN.test(words))).toEqual([])

  await end(c, 'SIGKILL')
  await Promise.all(typists.map((one) => one.goesOn()))
  for (const one of typists) await one.connected()
  expect(d.process.exitCode).toBeNull()

  for (const one of typists) {
    const screens = await one.stop()
    // Within a screen each answer follows the one before, and no screen begins after the end of the last: none is missing or there twice.
    let last = -1
    for (const answers of screens) {
      const first = answers[0]?.n ?? last
      expect(answers.map(({ n }) => n)).toEqual(answers.map((_, at) => first + at))
      expect(first).toBeLessThanOrEqual(last + 1)
      last = Math.max(last, answers.at(-1)?.n ?? last)
    }
    expect(last).toBe(one.lines() - 1)
    expect(new Set(screens.flat().map(({ by }) => by)).size).toBe(1)
  }
}, 400_000)
