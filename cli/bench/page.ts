import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { type Browser, chromium } from '@playwright/test'

import { ownServer } from '../own-server.ts'
import { percentile, round } from './figures.ts'
import { poolIsReady, UNLIMITED } from './session.ts'

const TIMES = 10
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
/** Root may not use Chromium's own sandbox; what it opens here is our own pages. */
const ARGS = ['--disable-gpu', '--disable-background-networking', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])]

/**
 * First visits to `/python` and the index, each with nothing cached: the scripts as gzip makes them and as this browser took
 * them (brotli), in KB of 1,024 bytes, and when one could type and see the prompt, counted from the navigation. Bare: a page
 * of one line and one script from a bare HTTP server.
 */
export async function page() {
  if (!existsSync(CHROMIUM)) throw new Error(`There is no browser at "${CHROMIUM}": install chromium, or say CHROMIUM=…`)
  const server = await ownServer('bench', { DRAGOMAN_POOL_LANGUAGES: 'python', ...UNLIMITED })
  const bare = await bareServer()
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS })
  try {
    const python: Visit[] = []
    const index: Visit[] = []
    const alone: Visit[] = []
    for (let n = 0; n < TIMES; n++) {
      await poolIsReady(server.url)
      python.push(await visit(browser, `${server.url}/python`, { editor: '.cm-content', prompt: '.xterm-rows' }))
      index.push(await visit(browser, server.url, { list: '#languages' }))
      alone.push(await visit(browser, bare.url, { prompt: 'pre' }))
    }
    const p50 = (visits: readonly Visit[], what: string) =>
      round(
        percentile(
          visits.map(({ at }) => at[what] ?? Infinity),
          0.5,
        ),
      )
    const kb = (bytes: number) => round(bytes / 1024)
    return {
      jsKbGzip: kb(await gzipBytes(python)),
      promptVisibleMs: p50(python, 'prompt'),
      typingReadyMs: p50(python, 'editor'),
      indexJsKbGzip: kb(await gzipBytes(index)),
      jsKbWire: kb(Math.max(...python.map(({ wireBytes }) => wireBytes))),
      indexVisibleMs: p50(index, 'list'),
      bareVisibleMs: p50(alone, 'prompt'),
      n: TIMES,
    }
  } finally {
    await browser.close()
    bare.close()
    await server.stop()
  }
}

type Visit = { readonly at: Readonly<Record<string, number>>; readonly scripts: readonly string[]; readonly wireBytes: number }

/** One visit with a fresh cache, until everything named in `wanted` is on the screen and the network is quiet. */
async function visit(browser: Browser, url: string, wanted: Readonly<Record<string, string>>): Promise<Visit> {
  const context = await browser.newContext()
  try {
    const tab = await context.newPage()
    const network = await context.newCDPSession(tab)
    const scripts = new Map<string, string>()
    let wireBytes = 0
    network.on('Network.responseReceived', ({ requestId, type, response }) => {
      if (type === 'Script') scripts.set(requestId, response.url)
    })
    network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (scripts.has(requestId)) wireBytes += encodedDataLength
    })
    await network.send('Network.enable')
    await tab.addInitScript(watch, wanted)
    await tab.goto(url)
    const seen = await tab.waitForFunction((n) => {
      const { seen } = window as unknown as Seen
      return Object.keys(seen).length === n ? seen : undefined
    }, Object.keys(wanted).length)
    await tab.waitForLoadState('networkidle')
    return { at: (await seen.jsonValue()) as Record<string, number>, scripts: [...new Set(scripts.values())], wireBytes }
  } finally {
    await context.close()
  }
}

/** What the scripts of the visit with the most of them are to a browser that takes gzip and nothing better. */
async function gzipBytes(visits: readonly Visit[]): Promise<number> {
  const [most] = visits.toSorted((a, b) => b.scripts.length - a.scripts.length)
  const sizes = (most?.scripts ?? []).map(async (url) => {
    const answer = await fetch(url, { method: 'HEAD', headers: { 'accept-encoding': 'gzip' } })
    if (answer.headers.get('content-encoding') !== 'gzip') throw new Error(`${url} comes uncompressed`)
    return Number(answer.headers.get('content-length'))
  })
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

type Seen = { seen: Record<string, number> }

/** In the page: looks before each frame which of the wanted is there, with its text if it is the prompt's. */
function watch(wanted: Readonly<Record<string, string>>): void {
  const seen: Record<string, number> = ((window as unknown as Seen).seen = {})
  const look = () => {
    for (const [name, selector] of Object.entries(wanted)) {
      const element = document.querySelector(selector)
      if (!element || name in seen || (name === 'prompt' && !element.textContent?.includes('>>>'))) continue
      seen[name] = performance.now()
    }
    if (Object.keys(seen).length < Object.keys(wanted).length) requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}

/** What the browser, the machine and HTTP cost by themselves. */
async function bareServer() {
  const server = createServer((request, response) => {
    if (request.url === '/bare.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' })
      return void response.end("document.body.append(Object.assign(document.createElement('pre'), { textContent: '>>> ' }))")
    }
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    response.end('<!doctype html><title>Bare</title><link rel="icon" href="data:,"><body><script src="/bare.js"></script>')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => void server.close() }
}
