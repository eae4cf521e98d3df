import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** Between tries, while the agent comes up: doubled each time. */
const PAUSE_MS = { first: 5, max: 40 }
/** One try: what is not answered by then was dropped by a network that was not ready, and is sent again only after a second. */
const TRY_MS = 500
/** A connection whose other end vanished without a word is noticed by the kernel. */
const KEEP_ALIVE_MS = 5000

export type Address = { readonly host: string; readonly port: number }

/** `ip:port`, an IPv6 address in brackets. */
export const addressText = ({ host, port }: Address): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)

/** Undefined for what is no `ip:port`. */
export function parseAddress(text: string): Address | undefined {
  const [, v6, v4, port] = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d{1,5})$/i.exec(text) ?? []
  const host = v6 ?? v4
  return host === undefined ? undefined : { host, port: Number(port) }
}

/** Connects, trying again until the signal or until `isGone` says that nobody will ever listen there. */
export async function dialAgent(address: Address, signal: AbortSignal, isGone: () => boolean): Promise<Socket> {
  for (let waitMs = PAUSE_MS.first; ; waitMs = Math.min(2 * waitMs, PAUSE_MS.max)) {
    signal.throwIfAborted()
    if (isGone()) throw new Error(`Cannot dial ${addressText(address)}: the sandbox is gone`)
    try {
      return await connected(address, AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)]))
    } catch {
      await pause(waitMs, undefined, { signal })
    }
  }
}

function connected(address: Address, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...address, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS })
    const fail = (error: unknown) => {
      socket.destroy()
      reject(error as Error)
    }
    const abort = () => fail(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    socket.once('error', fail)
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort)
      socket.off('error', fail)
      resolve(socket)
    })
  })
}
