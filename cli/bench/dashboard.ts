import { Agent, get } from 'node:http'
import { gzipSync } from 'node:zlib'

import { ownServer } from '../own-server.ts'
import { percentile, round } from './figures.ts'
import { benchDatabase } from './workshop/database.ts'
import { BUILDS_EACH, seed } from './workshop/seed.ts'

const LANGUAGES = 300
const CLIENTS = 50
const MEASURE_MS = 10_000
const PATH = '/dashboard'

/**
 * `/dashboard` over 300 languages with a hundred builds each, asked for by 50 clients, each again as soon as it has it all;
 * compressed, as browsers take it. Bare: the same clients and the page's script, a file of 3 KB that is
 * sent from memory. KB are of 1,024 bytes.
 */
export async function dashboard() {
  const postgres = await benchDatabase()
  try {
    await seed(postgres.adminUrl, LANGUAGES)
    const server = await ownServer('bench', {
      DATABASE_URL: postgres.url,
      DRAGOMAN_POOL_MEMORY_MIB: '0',
      DRAGOMAN_PLAIN_MEMBERS: '0',
    })
    try {
      const page = await (await fetch(server.url + PATH)).text()
      const rows = page.match(/<tr id="lang-/g)?.length ?? 0
      if (rows < LANGUAGES) throw new Error(`Cannot measure: the page has ${rows} languages`)
      await load(server.url + PATH, 1000) // both sides are warm
      const { took, seconds, wireBytes } = await load(server.url + PATH, MEASURE_MS)
      const bare = await load(server.url + scriptOf(page), MEASURE_MS / 5)
      return {
        htmlP95Ms: round(percentile(took, 0.95)),
        rps: Math.round(took.length / seconds),
        jsKbGzip: round(gzipSync(await (await fetch(server.url + scriptOf(page))).text(), { level: 9 }).length / 1024),
        htmlP50Ms: round(percentile(took, 0.5)),
        htmlKb: round(Buffer.byteLength(page) / 1024),
        htmlKbWire: round(wireBytes / 1024),
        bareP95Ms: round(percentile(bare.took, 0.95)),
        bareRps: Math.round(bare.took.length / bare.seconds),
        languages: rows,
        builds: LANGUAGES * BUILDS_EACH,
        clients: CLIENTS,
        n: took.length,
      }
    } finally {
      await server.stop()
    }
  } finally {
    await postgres.stop()
  }
}

async function load(url: string, ms: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  const took: number[] = []
  const from = performance.now()
  let wireBytes = 0
  const client = async () => {
    while (performance.now() - from < ms) {
      const asked = performance.now()
      wireBytes = await bytesOf(url, agent)
      took.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  agent.destroy()
  return { took, seconds: (performance.now() - from) / 1000, wireBytes }
}

function bytesOf(url: string, agent: Agent): Promise<number> {
  return new Promise((done, fail) => {
    const asking = get(url, { agent, headers: { 'accept-encoding': 'gzip' } }, (answer) => {
      let bytes = 0
      answer.on('data', (piece: Buffer) => (bytes += piece.length))
      answer.on('end', () => (answer.statusCode === 200 ? done(bytes) : fail(new Error(`Cannot measure: ${answer.statusCode}`))))
    })
    asking.on('error', fail)
  })
}

/** The one script that the page loads. */
function scriptOf(page: string): string {
  const paths = [...page.matchAll(/<script[^>]+src="([^"]+)"/g)].map(([, path]) => path)
  if (paths.length !== 1 || paths[0] === undefined) throw new Error(`Cannot measure: the page loads ${paths.length} scripts`)
  return paths[0]
}
