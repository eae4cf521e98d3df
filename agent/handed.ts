import { receiveDescriptor } from './libc.ts'

/** A pipe on which one byte says that a connection was sent, and the socket on which it was. */
const WOKEN = 0
const HANDED = 1

/**
 * Takes connections where a runtime hands a sandbox no more than the first three descriptors: a process outside accepts them
 * and sends each here. Ends with that process; a connection that was taken stays.
 */
export async function takeHanded(open: (fd: number) => unknown): Promise<void> {
  for await (const bytes of Bun.file(WOKEN).stream()) {
    for (let left = bytes.length; left > 0; left--) {
      const fd = receiveDescriptor(HANDED)
      if (fd !== undefined) open(fd)
    }
  }
}
