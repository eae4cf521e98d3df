import { createServer, type Server } from 'node:net'

import { TOP } from './languages.ts'

/** Servers of our own at once on one checkout; each has a data folder that is used again. */
export const SLOTS_MAX = 8

export type Slot = { readonly name: string; release(): void }

/**
 * Takes the first data folder that no other run uses. The lock is a name among abstract sockets, which the kernel gives
 * back when its holder is gone, however that came about.
 */
export async function takeSlot(top = TOP): Promise<Slot> {
  for (let slot = 1; slot <= SLOTS_MAX; slot += 1) {
    const name = slot === 1 ? 'test' : `test-${slot}`
    const lock = await hold(`\0dragoman:${top}:${name}`)
    if (lock) return { name, release: () => void lock.close() }
  }
  throw new Error(`Cannot start a server: ${SLOTS_MAX} tests are running already`)
}

function hold(name: string): Promise<Server | undefined> {
  return new Promise((done, fail) => {
    const lock = createServer((socket) => socket.destroy())
    lock.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? done(undefined) : fail(error)))
    lock.listen(name, () => done(lock.unref()))
  })
}
