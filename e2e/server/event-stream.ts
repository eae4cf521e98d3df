/** What a server sends as events, as a browser's EventSource would have it. */
export type Sent = { readonly event: string; readonly data: unknown; readonly id: string }

/** Reads a stream of events until it ends or is closed; `sent` grows meanwhile. */
export async function eventStream(url: string, headers: Readonly<Record<string, string>> = {}) {
  const closing = new AbortController()
  const answer = await fetch(url, { headers, signal: closing.signal })
  const sent: Sent[] = []
  const ended = read().catch(() => undefined)
  async function read(): Promise<void> {
    let rest = ''
    for await (const piece of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (rest + piece).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
        const data = field('data')
        if (data !== undefined) sent.push({ event: field('event') ?? 'message', data: JSON.parse(data), id: field('id') ?? '' })
      }
    }
  }
  return { status: answer.status, type: answer.headers.get('content-type'), sent, ended, close: () => closing.abort() }
}
