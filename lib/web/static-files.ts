import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
}

/** Each form of a file, the smallest first, by its name in `accept-encoding`. */
const FORMS = {
  // Its highest takes ten times as long for a fortieth less.
  br: (plain: Buffer) => promisify(brotliCompress)(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
  gzip: (plain: Buffer) => promisify(gzip)(plain, { level: constants.Z_BEST_COMPRESSION }),
  identity: (plain: Buffer) => Promise.resolve(plain),
} as const
type Form = keyof typeof FORMS

/**
 * Answers for built files whose names change with their content: each is compressed once, as hard as it goes, and kept,
 * where Next would do it anew for every visitor. Knows only what was in the folders at the start, so no path leads out.
 */
export function staticFiles(folders: Readonly<Record<string, string>>) {
  const files = new Map<string, string>()
  for (const [prefix, folder] of Object.entries(folders)) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (Object.hasOwn(TYPES, endingOf(name))) files.set(prefix + name.replaceAll('\\', '/'), join(folder, name))
    }
  }
  const packed = new Map<string, Promise<Buffer>>()

  /** False when it is not one of these files. */
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const path = request.url ?? ''
    const file = files.get(path)
    if (file === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return false
    const form = (Object.keys(FORMS) as Form[]).find((name) => accepts(request, name)) ?? 'identity'
    const key = `${form} ${path}`
    let waiting = packed.get(key)
    if (!waiting) packed.set(key, (waiting = readFile(file).then(FORMS[form])))
    waiting.then(
      (body) => send(request, response, form, body),
      () => {
        packed.delete(key) // built anew under our feet; the next page names other files
        response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('There is no such file\n')
      },
    )
    return true
  }
}

function send(request: IncomingMessage, response: ServerResponse, form: Form, body: Buffer): void {
  response.writeHead(200, {
    'content-type': TYPES[endingOf(request.url ?? '')],
    'content-length': body.length,
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'accept-encoding',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    ...(form === 'identity' ? {} : { 'content-encoding': form }),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** Whether a form is among those the browser takes; one that names it with a weight of nought does not. */
export const accepts = ({ headers }: Pick<IncomingMessage, 'headers'>, form: Form): boolean =>
  String(headers['accept-encoding'] ?? '')
    .split(',')
    .some((offer) => offer.split(';', 1)[0]?.trim().toLowerCase() === form && !/;\s*q=0(?:\.0*)?\s*$/.test(offer))

const endingOf = (name: string) => name.slice(name.lastIndexOf('.') + 1)
