import { createServer, connect, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { SOCKET_NAME } from '../postgres/socket-path.ts'

/**
 * A way to a database that lets the next COMMIT through and cuts the connection before its answer: the change is made, and
 * whoever made it cannot know. `url` goes through it.
 */
export async function cutCommits(databaseUrl: string) {
  const target = join(new URL(databaseUrl).searchParams.get('host') ?? '', SOCKET_NAME)
  const folder = mkdtempSync(join(tmpdir(), 'dragoman-cut-'))
  const sockets = new Set<Socket>()
  let armed = false
  let cut = 0
  const server = createServer((client) => {
    const upstream = connect(target)
    let dropAnswers = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
    }
    client.on('data', (bytes) => {
      if (armed && bytes.includes('COMMIT')) {
        armed = false
        dropAnswers = true
      }
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (!dropAnswers) return void client.write(bytes)
      cut++ // it has answered, so it has committed
      client.destroy()
    })
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  await new Promise<void>((done) => server.listen(join(folder, SOCKET_NAME), done))
  const url = new URL(databaseUrl)
  url.searchParams.set('host', folder)
  return {
    url: url.href,
    cutNext: () => void (armed = true),
    cuts: () => cut,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
