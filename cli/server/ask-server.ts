import { err, ok, type Result } from '#lib/domain/result.ts'

import { type Operations, PATHS } from './client.ts'

/** A server that says nothing for so long is not coming. */
const ANSWER_MS_MAX = 30_000

type Id = keyof Operations
/** What an operation takes; its parts that are none are left out. */
export type Asking<I extends Id> = {
  readonly [Part in 'path' | 'query' | 'body' as Operations[I][Part] extends undefined ? never : Part]: Operations[I][Part]
} & { readonly key?: string }
/** As a server says it, or `unreachable` when it says nothing that is one of its answers. */
export type Refused = { readonly code: string; readonly message: string; readonly details?: Readonly<Record<string, unknown>> }

export type Server = {
  readonly url: string
  ask<I extends Id>(id: I, asking: Asking<I>): Promise<Result<Operations[I]['answer'], Refused>>
  /** A log as far as it goes now. */
  read(build: string, from: string | undefined): Promise<Result<string, Refused>>
  /** A log's events as they come, to its end. What breaks off is taken up again where it stopped, as often as something came. */
  follow(build: string, from: string | undefined, signal: AbortSignal): AsyncGenerator<Followed, Refused | undefined>
}
export type Followed = { readonly id: string; readonly kind: string; readonly data: Readonly<Record<string, unknown>> }

/** A server somewhere else, by its API. */
export function serverAt(url: string, token: string | undefined): Server {
  const base = url.replace(/\/+$/, '')
  const by: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return {
    url: base,

    async ask(id, asking) {
      const { method, path } = PATHS[id]
      // The cast: parts that an operation has not are not there, which is what undefined means here.
      const {
        path: names,
        query,
        body,
        key,
      } = asking as Partial<Record<'path' | 'query' | 'body', Record<string, string>>> & { key?: string }
      const target = new URL(
        base + '/api/v1' + path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names?.[name] ?? '')),
      )
      for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) target.searchParams.set(name, value)
      const json = body && { 'content-type': 'application/json' }
      const headers = { ...by, ...json, ...(key !== undefined && { 'idempotency-key': key }) }
      const init = { method, headers, redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS_MAX) } as const
      const answer = await fetch(target, { ...init, ...(body && { body: JSON.stringify(body) }) }).catch(
        (error: unknown) => error,
      )
      if (!(answer instanceof Response)) return err(unreachable(base, answer))
      if (answer.status === 204) return ok(undefined as Operations[typeof id]['answer']) // there is none
      const value: unknown = await answer.json().catch(() => undefined)
      if (answer.ok && value !== undefined) return ok(value as Operations[typeof id]['answer']) // as its document says
      return err(isRefused(value) ? value : unreachable(base, `it answers ${answer.status}`))
    },

    async read(build, from) {
      const query = from === undefined ? '' : `?from=${encodeURIComponent(from)}`
      const target = `${base}/api/v1/builds/${encodeURIComponent(build)}/log${query}`
      const init = { headers: by, redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS_MAX) } as const
      const answer = await fetch(target, init).catch((error: unknown) => error)
      if (!(answer instanceof Response)) return err(unreachable(base, answer))
      if (answer.ok) return ok(await answer.text())
      const value: unknown = await answer.json().catch(() => undefined)
      return err(isRefused(value) ? value : unreachable(base, `it answers ${answer.status}`))
    },

    async *follow(build, from, signal) {
      let cursor = from
      for (;;) {
        let came = false
        const headers = { ...by, accept: 'text/event-stream', ...(cursor !== undefined && { 'last-event-id': cursor }) }
        const answer = await fetch(`${base}/api/v1/builds/${encodeURIComponent(build)}/log`, {
          headers,
          redirect: 'error',
          signal,
        }).catch((error: unknown) => error)
        if (signal.aborted) return undefined
        if (!(answer instanceof Response) || !answer.body) return unreachable(base, answer)
        if (!answer.ok) {
          const value: unknown = await answer.json().catch(() => undefined)
          return isRefused(value) ? value : unreachable(base, `it answers ${answer.status}`)
        }
        try {
          for await (const event of eventsIn(answer.body)) {
            came = true
            cursor = event.id
            yield event
            if (event.kind === 'end') return undefined
          }
        } catch {
          // It broke off; what came before it counts.
        }
        if (signal.aborted) return undefined
        if (!came) return unreachable(base, 'it broke off')
      }
    },
  }
}

async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<Followed> {
  let held = ''
  const decoder = new TextDecoder()
  for await (const bytes of body) {
    const blocks = (held + decoder.decode(bytes, { stream: true })).split('\n\n')
    held = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = Object.fromEntries(
        block.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
      )
      const { id, event, data } = fields
      if (id !== undefined && event !== undefined && data !== undefined)
        yield { id, kind: event, data: JSON.parse(data) as Followed['data'] }
    }
  }
}

const isRefused = (value: unknown): value is Refused =>
  typeof value === 'object' && value !== null && 'code' in value && 'message' in value && typeof value.message === 'string'

function unreachable(url: string, why: unknown): Refused {
  const cause = why instanceof Error ? (why.cause instanceof Error ? why.cause.message : why.message) : String(why)
  return { code: 'unreachable', message: `${url} cannot be asked: ${cause}` }
}
