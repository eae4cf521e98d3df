import type { Connection } from './connection.ts'

/** Connections that have not said the key. In a pod programs can dial too; the oldest goes when there are more. */
export const STRANGERS_MAX = 8
/** IPv6 with IPv4 in it; a machine without IPv6 has the other alone. */
const EVERYWHERE = ['::', '0.0.0.0']

/** Listens on this port of every address, and alone: a program of our own id that shared it would be dialled in our place. */
export function listenOnPort(port: number, socket: Bun.SocketHandler<Connection>): void {
  let refused: unknown
  for (const hostname of EVERYWHERE) {
    try {
      Bun.listen({ hostname, port, exclusive: true, socket })
      return
    } catch (error) {
      refused = error
    }
  }
  throw refused
}
