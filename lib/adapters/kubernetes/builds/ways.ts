import { open } from 'node:fs/promises'
import { connect } from 'node:net'
import { basename, dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { RUNNER_WAYS } from '#lib/protocol/runner-words.ts'

import type { BuildPod } from './build-pod.ts'
import type { RunnerLink } from './runner-link.ts'

const AGAIN_MS = 500

/** Leads what a recipe's programs send to the port of its proxy to the proxy's socket here, until it is disposed of. */
export async function openWays(pod: Pick<BuildPod, 'open'>, socketPath: string): Promise<AsyncDisposable> {
  const over = new AbortController()
  // A socket's path has at most 107 bytes, and the folder's may be longer: an open one has a short name.
  const folder = await open(dirname(socketPath))
  const near = `/proc/self/fd/${folder.fd}/${basename(socketPath)}`
  const ways = Array.from({ length: RUNNER_WAYS }, () => oneAfterTheOther(pod, near, over.signal))
  return {
    async [Symbol.asyncDispose]() {
      over.abort()
      await Promise.all(ways)
      await folder.close()
    },
  }
}

async function oneAfterTheOther(pod: Pick<BuildPod, 'open'>, near: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      using way = await pod.open({ type: 'way' })
      using _ = disposedOn(signal, way)
      const word = await way.next()
      if (word?.kind === 'said' && word.said.type === 'taken') await carry(way, near)
    } catch {
      if (!signal.aborted) await sleep(AGAIN_MS) // the pod is gone, which whoever runs the recipe finds out
    }
  }
}

async function carry(way: RunnerLink, near: string): Promise<void> {
  const proxy = connect({ path: near, allowHalfOpen: true })
  const out = async () => {
    for await (const bytes of way.bytes()) {
      if (!proxy.write(bytes)) await new Promise<void>((done) => proxy.once('drain', done).once('close', done))
    }
    proxy.end()
  }
  const back = async () => {
    await way.send(proxy as AsyncIterable<Buffer>)
    way.end()
  }
  proxy.on('error', () => proxy.destroy())
  try {
    const sent = out().catch(() => void proxy.destroy())
    await back()
    await sent
  } finally {
    proxy.destroy()
  }
}

/** Ends a connection when a signal comes, until it is let go of. */
export function disposedOn(signal: AbortSignal, link: RunnerLink): Disposable {
  const end = () => link[Symbol.dispose]()
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', end) }
}
