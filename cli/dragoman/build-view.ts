import type { WriteStream } from 'node:tty'

import { OUTCOMES } from '#lib/domain/build.ts'

import type { Seen } from './build-follow.ts'
import { note, visibleLine } from './print.ts'

/** Often enough to look alive, seldom enough to be read. */
const REDRAW_MS = 250

export type BuildView = { changed(seen: Seen): void; stop(): void }

/** How many builds are going at once: lines that are drawn anew on a terminal, else a line for each change. */
export function buildView(out: WriteStream, now: () => number): BuildView {
  return out.isTTY ? drawn(out, now) : told()
}

function told(): BuildView {
  const before = new Map<string, string>()
  return {
    changed(seen) {
      const { lang, build, at, ended, line } = seen
      const stands = ended ? endWords(seen) : at ? `${at.step}${at.number > 1 ? `, try ${at.number}` : ''}` : 'waits'
      if (before.get(build) === stands) return
      before.set(build, stands)
      note(visibleLine(`${lang} ${build}: ${stands}${at && at.number > 1 && line ? ` (${line})` : ''}`))
    },
    stop() {},
  }
}

function drawn(out: WriteStream, now: () => number): BuildView {
  const all = new Map<string, Seen>()
  let lines = 0
  const draw = () => {
    const rows = [...all.values()].toSorted((a, b) => rank(a) - rank(b)).slice(0, Math.max(1, out.rows - 2))
    const text = rows.map((seen) => `\u001b[2K${visibleLine(row(seen, now())).slice(0, out.columns - 1)}\n`)
    const more = all.size - rows.length
    if (more > 0) text.push(`\u001b[2K… and ${more} more\n`)
    out.write(`${lines > 0 ? `\u001b[${lines}A` : ''}${text.join('')}\u001b[J`)
    lines = text.length
  }
  const timer = setInterval(draw, REDRAW_MS)
  return {
    changed: (seen) => void all.set(seen.build, seen),
    stop() {
      clearInterval(timer)
      draw()
    },
  }
}

/** What is at work is on top, what waits below it, what has ended last. */
const rank = ({ at, ended }: Seen) => (ended ? 2 : at ? 0 : 1)

function row(seen: Seen, now: number): string {
  const { lang, at, ended, line } = seen
  if (ended) return `${lang.padEnd(14)} ${endWords(seen)}`
  if (!at) return `${lang.padEnd(14)} waits`
  const seconds = Math.round((now - at.since) / 1000)
  return `${lang.padEnd(14)} ${at.step.padEnd(8)} ${String(seconds).padStart(4)} s  ${line}`
}

function endWords({ how, ended }: Seen): string {
  if (how === 'done') return 'nothing has changed'
  return ended ? `${OUTCOMES[ended.outcome].words}${ended.reason ? `: ${ended.reason}` : ''}` : ''
}
