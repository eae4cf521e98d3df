import type { Clock } from '#lib/application/ports/time.ts'

/** A message that announced bytes may be that long without any byte arriving. A slow line still moves. */
export const ATTACHMENT_MS = 1000

/** The part of an engine.io connection used here. */
export type Connection = {
  on(event: 'data', heard: (data: unknown) => void): unknown
  once(event: 'close', closed: () => void): unknown
  close(): void
  readonly request: { readonly socket: { readonly bytesRead: number } }
}

/**
 * Closes a connection whose peer announced attachments and then fell silent: socket.io would hold the half of a message
 * for as long as the connection lives.
 */
export function watchAttachments(connection: Connection, clock: Clock): void {
  let missing = 0
  let cancel: (() => void) | undefined
  const watch = (bytesBefore: number) => {
    cancel = clock.after(ATTACHMENT_MS, () => {
      const { bytesRead } = connection.request.socket
      if (bytesRead === bytesBefore) connection.close()
      else watch(bytesRead)
    })
  }
  connection.on('data', (data) => {
    missing = typeof data === 'string' ? announced(data) : Math.max(0, missing - 1)
    cancel?.()
    if (missing > 0) watch(connection.request.socket.bytesRead)
  })
  connection.once('close', () => cancel?.())
}

/** Packets of the types 5 and 6 name how many attachments follow: socket.io protocol 5, "Packet encoding". */
const announced = (packet: string) => Number(/^[56](\d{1,9})-/.exec(packet)?.[1] ?? 0)
