import { createServer } from 'node:net'

/** An abstract name: it goes with the process that holds it, however that ends. */
const NAME = '\0dragoman-hostile'

/**
 * One suite at a time on a machine: two would give out the same ids, count each other's processes, and the second one's
 * server would clear away the first one's sandboxes. False when there is one already.
 */
export function isOnlyOne(name = NAME): Promise<boolean> {
  return new Promise((done, fail) => {
    const server = createServer().unref()
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? done(false) : fail(error)))
    server.listen(name, () => done(true))
  })
}
