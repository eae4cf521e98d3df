import { closeSync, openSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'

const SOCKET = 'agent.sock'
const UNBORN = 'agent.sock.new'
/** Connections that wait until the agent, which is just starting, accepts. */
const BACKLOG = 16

/** A listening socket that is handed to a child and belongs to it alone after {@link Listener.release}. */
export type Listener = { readonly fd: number; release(): Promise<void> }

/**
 * Listens in this folder. Node removes the name it bound when it closes its handle, so the socket gets its lasting name by
 * a rename before.
 */
export async function listenIn(folder: string): Promise<Listener> {
  const server = createServer()
  await within(folder, (path) => listen(server, path(UNBORN)))
  return {
    fd: descriptorOf(server),
    release: () =>
      within(folder, async (path) => {
        await rename(path(UNBORN), path(SOCKET))
        await new Promise<void>((resolve) => server.close(() => resolve()))
      }),
  }
}

/** Connects to the socket in this folder; rejects with the signal's reason when it comes first. */
export const dialIn = (folder: string, signal: AbortSignal): Promise<Socket> =>
  within(
    folder,
    (path) =>
      new Promise<Socket>((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        const socket = connect(path(SOCKET))
        const abort = () => settle(() => (socket.destroy(), reject(signal.reason)))
        const settle = (then: () => void) => {
          signal.removeEventListener('abort', abort)
          socket.removeAllListeners()
          then()
        }
        signal.addEventListener('abort', abort)
        socket.once('connect', () => settle(() => resolve(socket)))
        socket.once('error', (error) => settle(() => reject(error)))
      }),
  )

/** A socket's path has at most 107 bytes, and a checkout's may be longer: an open folder has a short name. */
async function within<T>(folder: string, use: (path: (name: string) => string) => Promise<T>): Promise<T> {
  const fd = openSync(folder, 'r')
  try {
    return await use((name) => join('/proc/self/fd', String(fd), name))
  } finally {
    closeSync(fd)
  }
}

const listen = (server: Server, path: string) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path, backlog: BACKLOG }, () => resolve())
  })

/** Node has no public name for a server's descriptor; every release so far has had this one, and a test holds it. */
function descriptorOf(server: Server): number {
  const handle = Reflect.get(server, '_handle') as { fd?: number } | undefined
  if (typeof handle?.fd !== 'number' || handle.fd < 0) throw new Error('Cannot hand a socket over: it has no descriptor')
  return handle.fd
}
