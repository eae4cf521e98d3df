import { connect } from 'node:net'

export type RawAnswer = { readonly status: number | undefined; readonly head: string; readonly body: string }

type Options = { readonly method?: string; readonly headers?: readonly string[]; readonly body?: string; readonly host?: string }

/** A request of a form that no library would change on its way. */
export function ask(
  url: string,
  target: string,
  { method = 'GET', headers = [], body = '', host }: Options = {},
): Promise<RawAnswer> {
  const name = host ?? new URL(url).host
  return askRaw(url, [`${method} ${target} HTTP/1.1`, `Host: ${name}`, 'Connection: close', ...headers, '', body].join('\r\n'))
}

/** Any bytes; settles with what came until the server closed. A test whose server never does fails by its own time. */
export function askRaw(url: string, bytes: string | Buffer): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  return new Promise((done) => {
    const heard: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    socket.on('data', (chunk: Buffer) => heard.push(chunk))
    socket.on('error', () => {}) // cut off in the midst of what we sent
    socket.on('close', () => done(answerIn(Buffer.concat(heard).toString('latin1'))))
  })
}

function answerIn(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [head, body] = end < 0 ? [text, ''] : [text.slice(0, end), text.slice(end + 4)]
  const isChunked = /^transfer-encoding: chunked/im.test(head)
  const status = /^HTTP\/1\.1 (\d+)/.exec(head)?.[1]
  return { status: status === undefined ? undefined : Number(status), head, body: isChunked ? joined(body) : body }
}

/** The chunks of a body, put together. */
function joined(body: string): string {
  const [size = '', length] = /^([0-9a-f]+)\r\n/i.exec(body) ?? []
  const from = size.length
  const bytes = Number.parseInt(length ?? '0', 16)
  return bytes === 0 ? '' : body.slice(from, from + bytes) + joined(body.slice(from + bytes + 2))
}

/** A header of an answer; undefined when it is not there. */
export const headerOf = ({ head }: RawAnswer, name: string) => new RegExp(`^${name}: (.*?)\\r?$`, 'im').exec(head)?.[1]
