import { createSocket, type Socket } from 'node:dgram'
import { createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'

export type Trap = { readonly host: string; readonly port: number; readonly udp: boolean }

/** Listeners on this machine's own addresses that nobody in a sandbox may reach. */
export type Traps = {
  readonly all: readonly Trap[]
  hits(): readonly string[]
  close(): Promise<void>
}

const LOOPBACK = '127.0.0.1'
const DNS_PORT = 53

/** TCP and UDP on the loopback address and on the first other one that the machine has, DNS where its port is free. */
export async function setTraps(): Promise<Traps> {
  const hosts = [LOOPBACK, ...ownAddress()]
  const hits: string[] = []
  const tcp = await Promise.all(hosts.map((host) => listenTcp(host, hits)))
  const udp = await Promise.all(
    hosts.flatMap((host) => [bindUdp(host, 0, hits), bindUdp(host, DNS_PORT, hits).catch(() => undefined)]),
  )
  const open = [...tcp, ...udp.filter((trap) => trap !== undefined)]
  return {
    all: open.map(({ trap }) => trap),
    hits: () => hits,
    close: async () => void (await Promise.all(open.map(({ close }) => close()))),
  }
}

/** The machine's own address that is not loopback, if it has one. */
export function ownAddress(): string[] {
  const found = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')
  return found ? [found.address] : []
}

async function listenTcp(host: string, hits: string[]) {
  const server: Server = createServer((socket) => {
    hits.push(`TCP ${host}`)
    socket.destroy()
  })
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(0, host, done)
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { trap: { host, port, udp: false }, close: () => new Promise<void>((done) => server.close(() => done())) }
}

async function bindUdp(host: string, port: number, hits: string[]) {
  const socket: Socket = createSocket('udp4')
  await new Promise<void>((done, fail) => {
    socket.once('error', fail)
    socket.bind(port, host, done)
  })
  socket.on('message', () => hits.push(`UDP ${host}:${port}`))
  return { trap: { host, port: socket.address().port, udp: true }, close: () => new Promise<void>((done) => socket.close(done)) }
}
