import { ownServer } from '../own-server.ts'
import { barePty } from './bare-pty.ts'
import { percentile, round } from './figures.ts'
import { UNLIMITED } from './session.ts'
import { benchVisitor, type BenchVisitor } from './visitor.ts'

const TYPING = 20
const IDLE = 100
const KEYS = 60
/** Five keys a second, as a quick typist. */
const KEY_MS = 200

/** Keystroke to echo at a client with some typing and many idle; bare: the same on a pty of this machine. */
export async function echo() {
  const server = await ownServer('bench', UNLIMITED)
  try {
    const visitors: BenchVisitor[] = []
    for (let n = 0; n < TYPING + IDLE; n++) {
      const visitor = await benchVisitor(server.url)
      await visitor.start('python')
      await visitor.saw('>>> ')
      visitors.push(visitor)
    }
    const typists = visitors.slice(0, TYPING).map(async (visitor, n) => {
      await new Promise((done) => setTimeout(done, (n * KEY_MS) / TYPING))
      return keystrokes(KEYS, visitor)
    })
    const all = (await Promise.all(typists)).flat()
    for (const visitor of visitors) visitor.close()
    const bare = await barePty('python3')
    await bare.saw('>>> ')
    const alone = await keystrokes(KEYS, bare)
    bare.close()
    return {
      p50Ms: round(percentile(all, 0.5)),
      p99Ms: round(percentile(all, 0.99)),
      bareP50Ms: round(percentile(alone, 0.5)),
      bareP99Ms: round(percentile(alone, 0.99)),
      typing: TYPING,
      idle: IDLE,
      n: all.length,
    }
  } finally {
    await server.stop()
  }
}

/** Milliseconds from each key to its echo, one key at each beat. Letters in turn, and none that the prompt itself holds. */
export async function keystrokes(
  count: number,
  terminal: Pick<BenchVisitor, 'mark' | 'saw' | 'type'>,
  keyMs = KEY_MS,
): Promise<number[]> {
  const times: number[] = []
  const begin = performance.now()
  for (let n = 0; n < count; n++) {
    const key = String.fromCharCode(97 + (n % 26))
    terminal.mark()
    const from = performance.now()
    terminal.type(key)
    times.push((await terminal.saw(key)) - from)
    await new Promise((done) => setTimeout(done, begin + (n + 1) * keyMs - performance.now()))
  }
  return times
}
