import type { LogFeed } from '#lib/application/builds/log-feed.ts'
import type { BuildQueue, BuildStatus, Requested } from '#lib/application/ports/build-queue.ts'
import type { Outcome, Step } from '#lib/domain/build.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import { LOG_START } from '#lib/domain/log-cursor.ts'

/** How far one build is, as it is seen from here. */
export type Seen = {
  readonly lang: LangId
  readonly build: BuildId
  readonly how: Requested['how']
  /** The step at work, and which try of it. */
  readonly at: { readonly step: Step; readonly number: number; readonly since: number } | undefined
  /** The last line of its log that says something. */
  readonly line: string
  readonly ended: { readonly outcome: Outcome; readonly reason: string | undefined } | undefined
}

type Asked = Pick<Seen, 'lang' | 'build' | 'how'>

/** Follows a build to its end; `changed` is told of each step. What was done before is there at once. */
export async function followBuild(
  { feed, queue, now }: { readonly feed: LogFeed; readonly queue: Pick<BuildQueue, 'find'>; now(): number },
  asked: Asked,
  changed: (seen: Seen) => void,
  signal: AbortSignal,
): Promise<{ readonly seen: Seen; readonly status: BuildStatus | undefined }> {
  let seen: Seen = {
    ...asked,
    at: undefined,
    line: '',
    ended: asked.how === 'done' ? { outcome: 'ok', reason: undefined } : undefined,
  }
  const see = (more: Partial<Seen>) => changed((seen = { ...seen, ...more }))
  see({})
  if (!seen.ended) {
    const decoder = new TextDecoder()
    for await (const event of feed.follow(asked.build, LOG_START, signal)) {
      if (event.kind === 'attempt') see({ at: { step: event.step, number: event.number, since: now() }, line: '' })
      else if (event.kind === 'text') see({ line: lastOf(decoder.decode(event.bytes, { stream: true })) ?? seen.line })
      else if (event.kind === 'attempt_ended' && event.outcome !== 'ok') see({ line: event.reason ?? event.outcome })
      else if (event.kind === 'end') see({ at: undefined, ended: { outcome: event.outcome, reason: event.reason } })
    }
  }
  return { seen, status: await queue.find(asked.build) }
}

const lastOf = (text: string): string | undefined =>
  text
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) => line !== '')
