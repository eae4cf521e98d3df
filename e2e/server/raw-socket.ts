import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

type Options = {
  readonly path?: string
  readonly origin: string | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A websocket spoken by hand, so that a test can say what no library would. `status` is the answer to the handshake; the
 * rest is of use after a 101.
 */
export async function rawSocket(url: string, { path = '/socket.io/?EIO=4&transport=websocket', origin, headers = {} }: Options) {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname)
  const closed = new Promise<void>((done) => socket.once('close', () => done()))
  socket.on('error', () => {})
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ...(origin === undefined ? [] : [`Origin: ${origin}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const answer = await headOf(socket)
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer.head)?.[1])
  if (status !== 101) socket.destroy()

  let code: number | undefined
  let held = answer.rest
  let hungUp: () => void = () => {}
  const hangingUp = new Promise<void>((done) => (hungUp = done))
  void closed.then(() => hungUp())
  const take = (chunk: Buffer) => {
    held = Buffer.concat([held, chunk])
    code ??= closeCodeIn(held)
    if (code !== undefined) hungUp()
  }
  take(Buffer.alloc(0))
  socket.on('data', take)
  return {
    status,
    headers: answer.head,
    send: (text: string) => void socket.write(frame(0x81, Buffer.from(text))),
    sendBinary: (bytes: Buffer) => void socket.write(frame(0x82, bytes)),
    /** Part of a message that is never ended. */
    sendFragment: (bytes: Buffer, isFirst: boolean) => void socket.write(frame(isFirst ? 0x02 : 0x00, bytes)),
    /** The server's reason to close, once it has. */
    async closeCode(): Promise<number | undefined> {
      await closed
      return code
    },
    /** Settles when the server has hung up: said so, or cut the line. */
    hungUp: hangingUp,
    /** Settles when the server has said this; never, when it hangs up instead. */
    async says(text: string): Promise<void> {
      while (!held.includes(text)) await new Promise<void>((done) => socket.once('data', () => done()))
    },
    /** Reads nothing from now on. */
    pause: () => void socket.pause(),
    /** Settles when all that was said is on its way, or can be no more, and news of the socket was heard. */
    flushed: () => new Promise<void>((done) => socket.write('', () => setImmediate(done))),
    end: () => socket.destroy(),
  }
}

async function headOf(socket: Socket): Promise<{ head: string; rest: Buffer }> {
  let held = Buffer.alloc(0)
  return new Promise((done) => {
    const take = (chunk: Buffer) => {
      held = Buffer.concat([held, chunk])
      const end = held.indexOf('\r\n\r\n')
      if (end >= 0) finish(held.toString('latin1', 0, end), held.subarray(end + 4))
    }
    const ended = () => finish(held.toString('latin1'), Buffer.alloc(0))
    const finish = (head: string, rest: Buffer) => {
      socket.off('data', take).off('close', ended)
      done({ head, rest })
    }
    socket.on('data', take).on('close', ended)
  })
}

/** A masked frame, as a client's must be. */
function frame(first: number, bytes: Buffer): Buffer {
  const length = bytes.length
  const size = length < 126 ? Buffer.from([0x80 | length]) : Buffer.alloc(length < 65_536 ? 3 : 9)
  if (length >= 126 && length < 65_536) size.writeUInt16BE(length, 1)
  if (length >= 65_536) size.writeBigUInt64BE(BigInt(length), 1)
  if (length >= 126) size[0] = 0x80 | (length < 65_536 ? 126 : 127)
  const mask = randomBytes(4)
  const masked = Buffer.from(bytes)
  for (let n = 0; n < masked.length; n++) masked[n] = (masked[n] as number) ^ (mask[n % 4] as number)
  return Buffer.concat([Buffer.from([first]), size, mask, masked])
}

/** What a close frame without a code counts as (RFC 6455, 7.4.1). */
const NO_CODE = 1005

/** The code of the close frame among the server's unmasked frames, if it is there whole. */
function closeCodeIn(bytes: Buffer): number | undefined {
  let at = 0
  while (at + 2 <= bytes.length) {
    const kind = (bytes[at] as number) & 0x0f
    const short = (bytes[at + 1] as number) & 0x7f
    if (short === 127 || (short === 126 && at + 4 > bytes.length)) return undefined
    const [length, head] = short === 126 ? [bytes.readUInt16BE(at + 2), 4] : [short, 2]
    if (kind === 8 && length === 0) return NO_CODE
    if (kind === 8 && at + head + 2 <= bytes.length) return bytes.readUInt16BE(at + head)
    at += head + length
  }
  return undefined
}
