import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** As often as a probe of a cluster asks at its most eager. */
const PROBE_MS = 200

export type Balancer = {
  readonly url: string
  add(url: string): void
  remove(url: string): void
  close(): void
}

/**
 * Connections for several servers in turn, each of the next that is ready, with no memory of who was where. As a service of a
 * cluster it knows of readiness a moment late, and leaves connections that stand to themselves.
 */
export async function tcpBalancer(): Promise<Balancer> {
  const targets = new Map<string, { isReady: boolean }>()
  const sockets = new Set<Socket>()
  let turn = 0

  const server = createServer({ noDelay: true }, (client) => {
    const ready = [...targets].filter(([, { isReady }]) => isReady).map(([url]) => url)
    turn++
    const inTurn = ready.map((_, n) => ready[(turn + n) % ready.length] ?? '')
    joinFirst(client, inTurn)
  })

  /** To the first that takes it; one that has just died refuses. */
  function joinFirst(client: Socket, [url, ...others]: readonly string[]): void {
    if (url === undefined) return void client.destroy()
    const { hostname, port } = new URL(url)
    const target = connect({ host: hostname, port: Number(port), noDelay: true })
    keep(client, target)
    target.once('connect', () => {
      target.removeAllListeners('error')
      client.pipe(target).pipe(client)
      target.on('error', () => client.destroy())
      target.once('close', () => client.destroy())
      client.once('close', () => target.destroy())
    })
    target.once('error', () => joinFirst(client, others))
  }

  function keep(...ends: readonly Socket[]): void {
    for (const end of ends) {
      if (sockets.has(end)) continue
      sockets.add(end)
      end.on('error', () => end.destroy())
      end.once('close', () => sockets.delete(end))
    }
  }

  const probes = setInterval(() => {
    for (const [url, target] of targets) void isReady(url).then((ready) => (target.isReady = ready))
  }, PROBE_MS)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (url) => void targets.set(url, { isReady: true }),
    remove: (url) => void targets.delete(url),
    close() {
      clearInterval(probes)
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

const isReady = (url: string) =>
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PROBE_MS * 5) }).then(
    ({ ok }) => ok,
    () => false,
  )
