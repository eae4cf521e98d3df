import { readLog } from '#lib/application/builds/read-log.ts'
import { AnsiLines, type AnsiLine, looksLikeError } from '#lib/domain/ansi-lines.ts'
import type { Outcome, Step } from '#lib/domain/build.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import { LOG_START, type LogCursor } from '#lib/domain/log-cursor.ts'

/** Lines of a log that a page shows at a time. */
export const WINDOW_LINES = 500
/** A line of which there is no end by then counts as one. */
const LINE_BYTES_MAX = 64 * 1024

/** A line by its number in the whole build's log, from 1; or what is said between lines. */
export type LogItem =
  | { readonly kind: 'line'; readonly number: number; readonly line: AnsiLine }
  | { readonly kind: 'attempt'; readonly step: Step; readonly number: number }
  | { readonly kind: 'attempt_ended'; readonly step: Step; readonly number: number; readonly outcome: Outcome }
  /** So many bytes were left out of the log here. */
  | { readonly kind: 'cut'; readonly bytes: number }

export type LogWindow = {
  readonly items: readonly LogItem[]
  /** Lines there are, in the window or not. */
  readonly lines: number
  /** The first that looks like what went wrong. */
  readonly firstError: number | undefined
  /** Where a follower goes on, after the last whole line. */
  readonly cursor: LogCursor
  readonly ended: boolean
}

type Raw = Exclude<LogItem, { kind: 'line' }> | { readonly kind: 'line'; readonly number: number; readonly text: string }

/**
 * A build's log as far as it goes: the last lines, or those around one. Only what is shown is looked at closely; of the rest
 * the lines are counted.
 */
export async function logWindow(world: Parameters<typeof readLog>[0], build: BuildId, around?: number): Promise<LogWindow> {
  const from = around === undefined ? undefined : Math.max(1, around - Math.floor(WINDOW_LINES / 10))
  const kept: Raw[] = []
  const firstError = { number: undefined as number | undefined }
  let lines = 0
  const lineEnd = lineCutter((bytes) => {
    lines++
    const text = decoder.decode(bytes)
    if (firstError.number === undefined && looksLikeError([{ text, look: '' }])) firstError.number = lines
    keep({ kind: 'line', number: lines, text })
  })
  const decoder = new TextDecoder()
  function keep(item: Raw): void {
    if (from !== undefined && (lines < from || lines >= from + WINDOW_LINES)) return
    kept.push(item)
    // From the front in bulk, since taking one at a time would move all others each time.
    if (from === undefined && kept.length >= 2 * WINDOW_LINES) kept.splice(0, kept.length - WINDOW_LINES)
  }

  let cursor = LOG_START
  let ended = false
  for await (const event of readLog(world, build, LOG_START)) {
    if (event.kind === 'text') lineEnd.push(event.bytes)
    else lineEnd.flush()
    cursor = event.cursor
    if (event.kind === 'end') ended = true
    else if (event.kind !== 'text') keep(itemOf(event))
  }
  const items = (from === undefined ? kept.slice(-WINDOW_LINES) : kept).map(parsing())
  return { items, lines, firstError: firstError.number, ended, cursor: { ...cursor, at: cursor.at - lineEnd.pending() } }
}

/** Cuts bytes at line ends; the last line may be going on. */
function lineCutter(line: (bytes: Uint8Array) => void) {
  let rest: Uint8Array = new Uint8Array()
  return {
    push(bytes: Uint8Array): void {
      let all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
      for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10)) {
        line(all.subarray(0, end))
        all = all.subarray(end + 1)
      }
      if (all.length > LINE_BYTES_MAX) line(all)
      rest = all.length > LINE_BYTES_MAX ? new Uint8Array() : all
    },
    flush(): void {
      if (rest.length > 0) line(rest)
      rest = new Uint8Array()
    },
    pending: () => rest.length,
  }
}

function itemOf(event: Exclude<Raw, { kind: 'line' }>): Raw {
  if (event.kind === 'cut') return { kind: 'cut', bytes: event.bytes }
  const { step, number } = event
  return event.kind === 'attempt'
    ? { kind: 'attempt', step, number }
    : { kind: 'attempt_ended', step, number, outcome: event.outcome }
}

/** Colours that were begun above the window are not known in it. */
function parsing(): (raw: Raw) => LogItem {
  let ansi = new AnsiLines()
  return (raw) => {
    if (raw.kind === 'attempt') ansi = new AnsiLines()
    return raw.kind === 'line' ? { kind: 'line', number: raw.number, line: ansi.push(`${raw.text}\n`)[0] ?? [] } : raw
  }
}

/** The whole log as text that does nothing to a terminal: escapes dropped, control characters spelled out. */
export async function* harmlessLog(world: Parameters<typeof readLog>[0], build: BuildId): AsyncGenerator<string> {
  let ansi = new AnsiLines()
  let decoder = new TextDecoder()
  for await (const event of readLog(world, build, LOG_START)) {
    if (event.kind === 'text') yield linesText(ansi.push(decoder.decode(event.bytes, { stream: true })))
    else yield linesText(ansi.end())
    if (event.kind === 'cut') yield `[${event.bytes} bytes were left out here]\n`
    if (event.kind !== 'attempt') continue
    yield `--- ${event.step}, attempt ${event.number}\n`
    ansi = new AnsiLines()
    decoder = new TextDecoder()
  }
}

const linesText = (lines: readonly AnsiLine[]) => lines.map((line) => `${line.map(({ text }) => text).join('')}\n`).join('')
