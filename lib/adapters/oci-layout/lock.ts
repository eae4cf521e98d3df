import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { setTimeout } from 'node:timers/promises'

const WAIT_MS_MAX = 30_000
const POLL_MS = 5

export type Exclusively = <T>(work: () => Promise<T>) => Promise<T>

/**
 * One at a time among all processes of the machine. The lock is a name among the kernel's abstract sockets: it ends with
 * its process however that ends, so none is ever left to be guessed about.
 */
export function exclusivelyIn(folder: string): Exclusively {
  const name = `\0dragoman-images-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32)}`
  let last: Promise<unknown> = Promise.resolve()

  return (work) => {
    const turn = last.then(async () => {
      const held = await take(name)
      try {
        return await work()
      } finally {
        held.close()
        await once(held, 'close')
      }
    })
    last = turn.catch(() => undefined)
    return turn
  }
}

async function take(name: string): Promise<Server> {
  for (const deadline = performance.now() + WAIT_MS_MAX; ; await setTimeout(POLL_MS)) {
    const server = await listening(name)
    if (server) return server
    if (performance.now() > deadline) throw new Error(`Cannot take the lock of the images in ${WAIT_MS_MAX} ms`)
  }
}

function listening(name: string): Promise<Server | undefined> {
  const server = createServer((stranger) => stranger.destroy())
  return new Promise((done, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? done(undefined) : failed(error)))
    server.listen(name, () => done(server))
  })
}
