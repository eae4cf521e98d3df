import { once } from 'node:events'
import { createServer, request } from 'node:http'

/** What happens to an answer on its way: another status, cut or held after so many bytes, a byte of it changed. */
export type Mishap =
  | { readonly status: number }
  | { readonly cutAt: number }
  | { readonly holdAt: number }
  | { readonly flipAt: number }

/** A way to a registry on which answers to the paths meet mishaps, one after the other, and then none. */
export async function badWay(url: string, path: RegExp, mishaps: Mishap[]) {
  const { hostname, port } = new URL(url)
  let asked = 0
  const server = createServer((near, answer) => {
    const isIt = near.method === 'GET' && path.test(near.url ?? '')
    if (isIt) asked++
    const mishap = isIt ? mishaps.shift() : undefined
    if (mishap && 'status' in mishap) return void answer.writeHead(mishap.status).end('not now')
    const far = request({ hostname, port, path: near.url, method: near.method, headers: near.headers }, (said) => {
      answer.writeHead(said.statusCode ?? 500, said.headers)
      let at = 0
      said.on('data', (chunk: Buffer) => {
        const [from, to] = [at, (at += chunk.length)]
        if (mishap && 'flipAt' in mishap && from <= mishap.flipAt && mishap.flipAt < to) {
          chunk[mishap.flipAt - from] = (chunk[mishap.flipAt - from] ?? 0) ^ 1
        }
        const end = mishap && 'cutAt' in mishap ? mishap.cutAt : mishap && 'holdAt' in mishap ? mishap.holdAt : Infinity
        if (from < end) answer.write(chunk.subarray(0, end - from))
        if (to < end || !mishap || !('cutAt' in mishap)) return
        said.destroy()
        answer.write('', () => answer.destroy()) // what came before it has left
      })
      said.on('end', () => {
        if (!mishap || !('holdAt' in mishap)) answer.end()
      })
    })
    far.on('error', () => answer.destroy())
    near.pipe(far)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    asked: () => asked,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
