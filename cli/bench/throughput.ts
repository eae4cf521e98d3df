import { readFileSync } from 'node:fs'

import { ownServer, type OwnServer } from '../own-server.ts'
import { barePty } from './bare-pty.ts'
import { percentile, round } from './figures.ts'
import { UNLIMITED } from './session.ts'
import { typistProcess } from './typist-process.ts'
import { benchVisitor, type BenchVisitor } from './visitor.ts'

const BYTES = 200_000_000
const FLOOD = `stty -opost; head -c ${BYTES} /dev/zero; exit 0\n`
const INTERRUPTS = 20
const READERS = 5
const KEYS = 60
const KEY_MS = 200
const RSS_EVERY_MS = 20
const RUN_PAUSE_MS = 550

/**
 * 200 MB from a pty to a client; then how soon Ctrl-C ends a flood; then how a typist fares beside five floods, one of
 * whose readers has stopped drawing. Bare: the same 200 MB through a pty of this machine into a pipe.
 */
export async function throughput() {
  const server = await ownServer('bench', UNLIMITED)
  try {
    const visitor = await benchVisitor(server.url)
    await visitor.start('bash')
    await visitor.ended(await visitor.run('main.sh', 'exit 0\n'))
    const pipe = await pour(visitor, server)
    const interrupts = await interrupted(visitor)
    const beside = await typistBeside(server)
    visitor.close()
    const bare = await barePour()
    return {
      mbPerS: round(pipe.mbPerS),
      serverRssGrowthMb: round(pipe.rssGrowthMb),
      ctrlCP95Ms: round(percentile(interrupts, 0.95)),
      otherEchoP99Ms: round(percentile(beside, 0.99)),
      bareMbPerS: round(bare),
    }
  } finally {
    await server.stop()
  }
}

async function pour(visitor: BenchVisitor, server: OwnServer) {
  // Once unmeasured: buffers and code that a server has after its first flood are not growth.
  for (const isMeasured of [false, true]) {
    await new Promise((done) => setTimeout(done, RUN_PAUSE_MS))
    const [before, from, had] = [rssMb(server), performance.now(), visitor.bytes()]
    let most = before
    const watch = setInterval(() => (most = Math.max(most, rssMb(server))), RSS_EVERY_MS)
    const { at, event } = await visitor.ended(await visitor.run('main.sh', FLOOD))
    clearInterval(watch)
    const got = visitor.bytes() - had
    if (got < BYTES) throw new Error(`Only ${got} of ${BYTES} bytes arrived: ${JSON.stringify(event)}`)
    if (isMeasured) return { mbPerS: got / 1e6 / ((at - from) / 1000), rssGrowthMb: most - before }
  }
  throw new Error('unreachable')
}

async function interrupted(visitor: BenchVisitor): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < INTERRUPTS; n++) {
    await new Promise((done) => setTimeout(done, RUN_PAUSE_MS))
    visitor.mark()
    const job = await visitor.run('main.sh', 'yes; exit 0\n')
    await visitor.saw('y\r\ny\r\ny\r\n')
    const from = performance.now()
    visitor.type('\x03')
    times.push((await visitor.ended(job)).at - from)
  }
  return times
}

async function typistBeside(server: OwnServer): Promise<number[]> {
  const typist = await typistProcess(['server', server.url], KEYS, KEY_MS)
  const readers = await Promise.all(Array.from({ length: READERS }, () => benchVisitor(server.url)))
  for (const [n, reader] of readers.entries()) {
    await reader.start('bash')
    if (n === 0) reader.stall()
    await reader.run('main.sh', 'yes\n')
  }
  const times = await typist()
  for (const reader of readers) reader.close()
  return times
}

async function barePour(): Promise<number> {
  const from = performance.now()
  const bare = await barePty(`stty -opost; head -c ${BYTES} /dev/zero`)
  return bare.ended.then((at) => BYTES / 1e6 / ((at - from) / 1000))
}

function rssMb({ process }: OwnServer): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${process.pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1024
}
