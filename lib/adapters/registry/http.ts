const ANSWER_MS_MAX = 60_000

export type RegistryOptions = {
  readonly url: string
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
export function registryHttp({ url, credentials }: RegistryOptions) {
  const base = new URL(url)
  const authorization = credentials && `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`

  /** Answers with any of the wanted statuses; the body of others is read into the failure. */
  async function call(method: string, where: string, wanted: readonly number[], { headers, body, signal }: Call = {}) {
    const at = new URL(where, base)
    if (at.origin !== base.origin) throw new Error(`Cannot ${method} ${at.origin}: it is not the registry`) // said by a page's link
    const limit = AbortSignal.timeout(ANSWER_MS_MAX)
    const answer = await fetch(at, {
      method,
      headers: { ...headers, ...(authorization && { authorization }) },
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      ...(body && { body: new Uint8Array(body.buffer, body.byteOffset, body.length) as Uint8Array<ArrayBuffer> }),
    })
    if (wanted.includes(answer.status)) return answer
    throw new RegistryFailed(`${method} ${at.pathname}`, answer.status, await answer.text())
  }

  return {
    call,
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
