import { setTimeout as pause } from 'node:timers/promises'

/** Longest wait for an answer to begin, and for each next piece of it. */
const ANSWER_MS_MAX = 60_000
/** What changes nothing is asked again after these, when nobody answered or the registry says that it cannot now. */
export const PAUSES_MS = [200, 1000, 3000]
const isPassing = (status: number) => status >= 500 || status === 429

export type RegistryOptions = {
  readonly url: string
  readonly answerMsMax?: number
  readonly credentials?: { readonly user: string; readonly password: string }
}
export type Call = {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  readonly signal?: AbortSignal | undefined
}
export type RegistryHttp = ReturnType<typeof registryHttp>

/** An answer that is neither what was asked for nor a refusal that somebody waits for. */
export class RegistryFailed extends Error {
  readonly status: number
  constructor(what: string, status: number, said: string) {
    super(`Cannot ${what}: the registry answers ${status} ${said.slice(0, 300).replaceAll(/\s+/g, ' ')}`)
    this.status = status
  }
}

/** Calls of one registry. Credentials go nowhere else. */
export function registryHttp({ url, credentials, answerMsMax = ANSWER_MS_MAX }: RegistryOptions) {
  const base = new URL(url)
  const authorization = credentials && `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`

  /** The answer when its head is there; the rest of it stays to be read, in pieces that may each take as long. */
  async function once(method: string, at: URL, { headers, body, signal }: Call) {
    const limit = new AbortController()
    const timer = setTimeout(
      () => limit.abort(new Error(`Cannot ${method} ${at.pathname}: no answer in ${answerMsMax} ms`)),
      answerMsMax,
    )
    try {
      return await fetch(at, {
        method,
        headers: { ...headers, ...(authorization && { authorization }) },
        signal: signal ? AbortSignal.any([signal, limit.signal]) : limit.signal,
        ...(body && { body: new Uint8Array(body.buffer, body.byteOffset, body.length) as Uint8Array<ArrayBuffer> }),
      })
    } finally {
      clearTimeout(timer)
    }
  }

  /** Answers with any of the wanted statuses; the body of others is read into the failure. */
  async function call(method: string, where: string, wanted: readonly number[], options: Call = {}) {
    const at = new URL(where, base)
    if (at.origin !== base.origin) throw new Error(`Cannot ${method} ${at.origin}: it is not the registry`) // said by a page's link
    const pauses = method === 'GET' || method === 'HEAD' ? PAUSES_MS : []
    for (let tries = 0; ; tries++) {
      const wait = pauses[tries]
      try {
        const answer = await once(method, at, options)
        if (wanted.includes(answer.status)) return answer
        throw new RegistryFailed(`${method} ${at.pathname}`, answer.status, await answer.text())
      } catch (error) {
        if (wait === undefined || options.signal?.aborted || (error instanceof RegistryFailed && !isPassing(error.status)))
          throw error
        await pause(wait, undefined, options.signal && { signal: options.signal })
      }
    }
  }

  /** The body of an answer. A piece that does not come in time ends it. */
  async function* bytesOf({ body, url }: Response): AsyncGenerator<Uint8Array> {
    const reader = body?.getReader()
    let late: NodeJS.Timeout | undefined
    try {
      for (;;) {
        const stopped = Promise.withResolvers<never>()
        late = setTimeout(() => stopped.reject(new Error(`Cannot read ${url}: nothing came for ${answerMsMax} ms`)), answerMsMax)
        const next = await Promise.race([reader?.read(), stopped.promise])
        clearTimeout(late)
        if (!next || next.done) return
        yield next.value
      }
    } finally {
      clearTimeout(late)
      await reader?.cancel().catch(() => undefined) // it broke: who reads has been told
    }
  }

  return {
    call,
    bytesOf,
    /** For answers whose headers say it all. */
    async ask(method: string, where: string, wanted: readonly number[], options?: Call) {
      const { status, headers, body } = await call(method, where, wanted, options)
      await body?.cancel()
      return { status, headers }
    },
    /** Where the registry wants the next step of an upload; never elsewhere, whatever name it thinks it has. */
    location(headers: Headers): string {
      const said = headers.get('location')
      if (!said) throw new Error('Cannot upload: the registry says no place')
      const { pathname, search } = new URL(said, base)
      return pathname + search
    },
  }
}
