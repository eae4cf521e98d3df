/** As much may wait for a browser to read it, in bytes: both windows of a session and a few of the largest answers. */
export const UNREAD_BYTES_MAX = 4 * 1024 * 1024
/** What a packet that waits costs beside its data. */
const PACKET_BYTES = 256
/** Messages of the browser between two looks; each look goes over all that waits. */
export const LOOK_EVERY = 32

type Packet = { readonly data?: string | { readonly byteLength: number } }

/** The part of an engine.io connection used here. */
export type Connection = {
  on(event: 'data', heard: () => void): unknown
  readonly request: { readonly socket: { readonly writableLength: number; destroy(): unknown } }
}

/**
 * Cuts the line to a browser that goes on asking and reads no answer. Output waits for its window; answers have none, so
 * without this whoever never reads could grow the server by some 20 MB a second.
 */
export function watchUnread(connection: Connection): void {
  let heard = 0
  connection.on('data', () => {
    heard += 1
    if (heard % LOOK_EVERY === 0 && unreadBytes(connection) > UNREAD_BYTES_MAX) connection.request.socket.destroy()
  })
}

function unreadBytes(connection: Connection): number {
  // Its types call the list private; engine.io's own documentation has users look at it for exactly this.
  const { writeBuffer } = connection as unknown as { readonly writeBuffer: readonly Packet[] }
  const waiting = writeBuffer.reduce((sum, { data }) => sum + PACKET_BYTES + sizeOf(data), 0)
  return connection.request.socket.writableLength + waiting
}

function sizeOf(data: Packet['data']): number {
  return typeof data === 'string' ? data.length : (data?.byteLength ?? 0)
}
