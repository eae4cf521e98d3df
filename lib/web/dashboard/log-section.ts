import { type LogItem, type LogWindow, WINDOW_LINES } from '#lib/application/dashboard/log-window.ts'
import { OUTCOMES } from '#lib/domain/build.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import { cursorText } from '#lib/domain/log-cursor.ts'

import { html, type Html, trusted } from '../plain/html.ts'
import { buildPath, bytes, count } from './words.ts'

/**
 * A build's log: its last lines, or those around one. While the build goes on and the end is shown, the script follows from
 * the cursor; each line is an address.
 */
export function logSection(build: BuildId, log: LogWindow, around: number | undefined): Html {
  const path = buildPath(build)
  const first = log.items.find((item) => item.kind === 'line')?.number
  const last = log.items.findLast((item) => item.kind === 'line')?.number
  const isTail = last === undefined || last === log.lines
  return html`<section class="log" aria-labelledby="log-title">
    <div class="log-head">
      <h2 id="log-title">Log</h2>
      <p id="log-count" class="muted">${first === undefined ? 'no lines yet' : `lines ${first} to ${last} of ${log.lines}`}</p>
      ${log.firstError !== undefined && html`<a class="button" id="first-error" href="${path}?line=${log.firstError}#L${log.firstError}">First error</a>`}
      ${first !== undefined && first > 1 && html`<a class="button" href="${path}?line=1#L1">From the start</a>`}
      ${!isTail && html`<a class="button" href="${path}#log-end">To the end</a>`}
      <a class="button" href="${path}/log" download="${build}.log">Download</a>
      <form action="${path}" class="go-to">
        <label
          >Line <input name="line" type="text" inputmode="numeric" pattern="[0-9]*" maxlength="9" value="${around ?? ''}"
        /></label>
        <button class="button">Go</button>
      </form>
    </div>
    ${first !== undefined && first > 1 && html`<p><a href="${path}?line=${Math.max(1, first - WINDOW_LINES)}">Lines before</a></p>`}
    <div
      class="log-lines"
      id="log"
      role="region"
      aria-label="Log lines"
      tabindex="0"
      ${!log.ended && isTail && html`data-follow="${path}/live?from=${encodeURIComponent(cursorText(log.cursor))}"`}
      data-lines="${log.lines}"
    >
      ${log.items.map(item)}
    </div>
    ${!isTail && last !== undefined && html`<p><a href="${path}?line=${last + 1}">Lines after</a></p>`}
    <p id="log-end" class="muted">
      ${log.ended ? 'The log is complete.' : isTail ? 'The build goes on.' : `${count(log.lines - (last ?? 0), 'more line')} below.`}
    </p>
  </section>`
}

function item(each: LogItem): Html {
  if (each.kind === 'attempt') return html`<p class="log-mark">${each.step}, attempt ${each.number}</p>`
  if (each.kind === 'attempt_ended') {
    return html`<p class="log-mark ${each.outcome === 'ok' ? 'good' : 'bad'}">
      ${each.step}, attempt ${each.number} ${OUTCOMES[each.outcome].words}
    </p>`
  }
  if (each.kind === 'cut') return html`<p class="log-mark">${bytes(each.bytes)} were left out here</p>`
  const spans = each.line.map(({ text, look }) => (look === '' ? text : html`<span class="${look}">${text}</span>`))
  // In one line: within it every space counts.
  return html`${trusted(`<div id="L${each.number}"><a href="#L${each.number}">${each.number}</a><code>`)}${spans}${trusted('</code></div>')}`
}
