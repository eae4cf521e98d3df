import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** A way to a server that breaks once so many bytes went through it; then it lets all through. */
export async function cutCable(url: string, bytes: number) {
  const { hostname, port } = new URL(url)
  let left = bytes
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    const end = () => {
      near.destroy()
      far.destroy()
    }
    near.on('data', (chunk) => {
      if (left > 0 && (left -= chunk.length) <= 0) end()
      else far.write(chunk)
    })
    far.pipe(near)
    for (const socket of [near, far]) socket.on('error', end).on('close', end)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    close: () => void server.close(),
  }
}
