import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net'

/** What becomes of connections: all is passed; they are cut, and new ones too; they stay, and nothing passes. */
type How = 'passes' | 'cut' | 'mute'

export type Wire = {
  readonly port: number
  /** Connections that are there now, and new ones. */
  set(how: How): void
  /** Those that are there now say nothing more for ever, and new ones are as they were. */
  deafen(): void
  /** What either side says comes so much later, in ms. */
  delay(ms: number): void
  /** Connections on which neither side says a word for so long are cut. */
  hangUpAfter(ms: number): void
  close(): void
}

/** A line to a server, by a port of this machine, that can be cut, frozen and slow. */
export async function wireTo(target: NetConnectOpts): Promise<Wire> {
  const pairs = new Set<{ readonly ends: readonly Socket[]; isDeaf: boolean }>()
  let how: How = 'passes'
  let [delayMs, idleMs] = [0, 0]
  const server = createServer({ noDelay: true }, (near) => {
    near.on('error', () => undefined)
    if (how === 'cut') return void near.destroy()
    const far = connect(target)
    const pair = { ends: [near, far], isDeaf: false }
    pairs.add(pair)
    near.setTimeout(idleMs, () => near.destroy())
    const passes = () => how === 'passes' && !pair.isDeaf
    /** Bytes keep their order whatever the delay was when they came. */
    let said = Promise.resolve()
    const inTurn = (act: () => void) => {
      const waited = delayMs > 0 ? new Promise((done) => setTimeout(done, delayMs)) : undefined
      said = said.then(() => waited).then(act)
    }
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk) => passes() && inTurn(() => void (to.writable && to.write(chunk))))
      from.on('error', () => undefined)
      from.on('close', () => {
        if (passes()) inTurn(() => to.destroy())
        else if (how === 'cut') to.destroy()
      })
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('The wire has no port')
  const cut = () => {
    for (const { ends } of pairs) for (const end of ends) end.destroy()
    pairs.clear()
  }
  return {
    port: address.port,
    set(to) {
      how = to
      if (how === 'cut') cut()
    },
    deafen() {
      for (const pair of pairs) pair.isDeaf = true
    },
    delay: (ms) => void (delayMs = ms),
    hangUpAfter: (ms) => void (idleMs = ms),
    close() {
      cut()
      server.close()
    },
  }
}
