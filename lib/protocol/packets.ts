/**
 * The packets of socket.io protocol 5 as this house writes them. What holds no bytes is as everywhere:
 *
 *     type digit · id of the answer, if one is wanted · JSON          a websocket message of text
 *
 * An event whose last argument is bytes is one message, where socket.io's own parser makes two: a keystroke and its echo
 * cost half as many system calls and wake-ups.
 *
 *     u8 length of what follows · JSON of the name and the other arguments, in ASCII · bytes      a binary message
 *
 * One namespace, no answers with bytes. A peer that says anything else loses its connection: `add` throws.
 */
export const PacketType = { CONNECT: 0, DISCONNECT: 1, EVENT: 2, ACK: 3, CONNECT_ERROR: 4 } as const
const HEAD_BYTES_MAX = 255
const ONLY_NAMESPACE = '/'
/** Names that the library's own emitters use; as in its parser, none of them may come from outside. */
const RESERVED = new Set(['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'])
const TEXT = /^([0-4])(\d{1,15})?/

type Packet = { readonly type: number; readonly nsp: string; readonly data?: unknown; readonly id?: number }

export class Encoder {
  encode({ type, id, nsp, data }: Packet): [string | Uint8Array] {
    const bytes = type === PacketType.EVENT && Array.isArray(data) ? data.at(-1) : undefined
    if (bytes instanceof Uint8Array) return [withBytes(JSON.stringify((data as unknown[]).slice(0, -1)), bytes)]
    const place = nsp === ONLY_NAMESPACE ? '' : `${nsp},`
    return [`${type}${place}${id ?? ''}${data === undefined ? '' : JSON.stringify(data)}`]
  }
}

function withBytes(head: string, bytes: Uint8Array): Uint8Array {
  if (head.length > HEAD_BYTES_MAX) throw new Error(`Cannot send bytes with ${head.length} characters of JSON`)
  const packet = new Uint8Array(1 + head.length + bytes.length)
  packet[0] = head.length
  for (let n = 0; n < head.length; n++) packet[n + 1] = head.charCodeAt(n)
  packet.set(bytes, 1 + head.length)
  return packet
}

type Listener = (packet: Packet) => void

export class Decoder {
  #listener: Listener | undefined

  /** The library listens for `decoded`, and is the only one that does. */
  on(_: 'decoded', listener: Listener): void {
    this.#listener = listener
  }
  /** In the page. */
  off(): void {
    this.#listener = undefined
  }
  /** In the server. */
  removeListener(): void {
    this.off()
  }
  destroy(): void {}

  /** A message of the connection, which is a packet. */
  add(message: string | Uint8Array | ArrayBuffer): void {
    const packet = typeof message === 'string' ? fromText(message) : fromBytes(asBytes(message))
    this.#listener?.(packet)
  }
}

const asBytes = (message: Uint8Array | ArrayBuffer) => (message instanceof Uint8Array ? message : new Uint8Array(message))

function fromBytes(message: Uint8Array): Packet {
  const end = 1 + (message[0] ?? 0)
  if (message.length < end) throw new Error('A packet is shorter than its head')
  const data: unknown = JSON.parse(String.fromCharCode(...message.subarray(1, end)))
  if (!isEvent(data)) throw new Error('A packet with bytes is no event')
  return { type: PacketType.EVENT, nsp: ONLY_NAMESPACE, data: [...data, message.subarray(end)] }
}

function fromText(message: string): Packet {
  const found = TEXT.exec(message)
  if (!found) throw new Error('A packet of no known type')
  const [head, digit, id] = found
  const type = Number(digit)
  const data: unknown = head.length < message.length ? JSON.parse(message.slice(head.length)) : undefined
  if (!isValid(type, data)) throw new Error(`A packet of type ${type} with other data`)
  return { type, nsp: ONLY_NAMESPACE, ...(id !== undefined && { id: Number(id) }), ...(data !== undefined && { data }) }
}

function isValid(type: number, data: unknown): boolean {
  if (type === PacketType.CONNECT) return data === undefined || isObject(data)
  if (type === PacketType.DISCONNECT) return data === undefined
  if (type === PacketType.EVENT) return isEvent(data)
  if (type === PacketType.ACK) return Array.isArray(data)
  return typeof data === 'string' || isObject(data)
}

const isObject = (data: unknown) => typeof data === 'object' && data !== null && !Array.isArray(data)

const isEvent = (data: unknown): data is [string, ...unknown[]] =>
  Array.isArray(data) && typeof data[0] === 'string' && !RESERVED.has(data[0])
