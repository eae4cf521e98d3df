import type { LogEvent } from '#lib/application/builds/log-events.ts'
import { readLog } from '#lib/application/builds/read-log.ts'
import { OUTCOMES } from '#lib/domain/build.ts'
import { buildId } from '#lib/domain/ids.ts'
import { cursorText, LOG_START, logCursor } from '#lib/domain/log-cursor.ts'
import { visible } from '#lib/domain/visible-text.ts'

import { noBuild } from './builds.ts'
import { openLogs } from './open-logs.ts'
import type { Options } from './options.ts'
import { note, visibleLine } from './print.ts'
import { withWorkshop } from './workshop.ts'

/**
 * A build's log so far, or with `--follow` to its end. The text goes to stdout with what would move the cursor spelled out,
 * attempts and endings to stderr; with `--json` each event is a line. Status 1 for a build that did not go well.
 */
export async function logs({ names, follow, from, json }: Options, signal: AbortSignal): Promise<number> {
  const build = buildId(names[0] ?? '')
  const cursor = from === undefined ? LOG_START : logCursor(from)
  if (!build || !cursor) return noBuild(build ? from : names[0])
  return withWorkshop(async (workshop) => {
    if (!(await workshop.queue.find(build))) {
      note(`dragoman: there is no build ${build}`)
      return 1
    }
    const source = await openLogs(workshop)
    const events = follow ? source.feed.follow(build, cursor, signal) : readLog(source, build, cursor)
    const decoder = new TextDecoder()
    let status = 0
    try {
      for await (const event of events) {
        if (json) process.stdout.write(`${JSON.stringify(asJson(event, decoder))}\n`)
        else show(event, decoder)
        if (event.kind === 'end' && event.outcome !== 'ok') status = 1
        if (signal.aborted) break
      }
    } finally {
      await source.close()
    }
    return status
  })
}

function show(event: LogEvent, decoder: TextDecoder): void {
  if (event.kind === 'text') process.stdout.write(visible(decoder.decode(event.bytes, { stream: true })))
  else if (event.kind === 'cut') note(`[${event.bytes} bytes were left out here]`)
  else if (event.kind === 'attempt') note(`--- ${event.step}, attempt ${event.number}`)
  else {
    const what = event.kind === 'end' ? 'The build' : `--- ${event.step}, attempt ${event.number}`
    note(visibleLine(`${what} ${OUTCOMES[event.outcome].words}${event.reason ? `: ${event.reason}` : ''}`))
  }
}

function asJson(event: LogEvent, decoder: TextDecoder): object {
  const cursor = cursorText(event.cursor)
  if (event.kind !== 'text') return { ...event, cursor }
  return { kind: event.kind, text: decoder.decode(event.bytes, { stream: true }), cursor }
}
