import { ownServer } from '../own-server.ts'
import { barePrompt } from './bare.ts'
import { percentile, round } from './figures.ts'
import { benchVisitor } from './visitor.ts'

const TIMES = 40

/** From the start call to the prompt's bytes at a client, with an empty pool and with a full one; bare: the OCI runtime alone. */
export async function session() {
  const bare = await barePrompt()
  const cold: number[] = []
  const bareMs: number[] = []
  const none = { DRAGOMAN_POOL_MEMORY_MIB: '0', ...UNLIMITED }
  const empty = await ownServer('bench', none)
  try {
    for (let n = 0; n < TIMES; n++) {
      // In turn, so that both see the same machine.
      cold.push(await startToPrompt(empty.url))
      bareMs.push(await bare.once())
    }
  } finally {
    await empty.stop()
    await bare.close()
  }
  const warm: number[] = []
  const full = await ownServer('bench', { DRAGOMAN_POOL_LANGUAGES: 'python', ...UNLIMITED })
  try {
    for (let n = 0; n < TIMES; n++) {
      await poolIsReady(full.url)
      warm.push(await startToPrompt(full.url))
    }
  } finally {
    await full.stop()
  }
  return {
    coldP95Ms: round(percentile(cold, 0.95)),
    warmP95Ms: round(percentile(warm, 0.95)),
    bareP95Ms: round(percentile(bareMs, 0.95)),
    coldP50Ms: round(percentile(cold, 0.5)),
    warmP50Ms: round(percentile(warm, 0.5)),
    bareP50Ms: round(percentile(bareMs, 0.5)),
    n: TIMES,
  }
}

/** A bench is one visitor from one address. */
export const UNLIMITED = {
  DRAGOMAN_STARTS_PER_MINUTE_PER_ADDRESS: '6000',
  DRAGOMAN_SESSIONS_PER_ADDRESS: '1000',
  DRAGOMAN_SESSIONS_MAX: '400',
}

export async function startToPrompt(url: string): Promise<number> {
  const visitor = await benchVisitor(url)
  const from = performance.now()
  await visitor.start('python')
  const at = await visitor.saw('>>> ')
  await visitor.leave()
  return at - from
}

/** Until the metrics say that a python member waits. */
export async function poolIsReady(url: string): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${url}/metrics`)).text()
    if (/^dragoman_pool_members\{kind="python",state="ready"\} [1-9]/m.test(text)) return
    await new Promise((done) => setTimeout(done, 20))
  }
}
