import type { LogWindow } from '#lib/application/dashboard/log-window.ts'
import type { BuildDetail } from '#lib/application/ports/overviews.ts'
import { visible } from '#lib/domain/visible-text.ts'

import type { PlainPage } from '../plain/document.ts'
import { html, type Html } from '../plain/html.ts'
import { dashboardPage } from './frame.ts'
import { logSection } from './log-section.ts'
import { buildLink, bytes, checkChip, duration, langPath, outcomeChip, stamp, time, wholeDigest } from './words.ts'

/** `log` is undefined while it cannot be read. */
export const buildPage = (build: BuildDetail, log: LogWindow | undefined, line: number | undefined, now: Date): PlainPage =>
  dashboardPage({
    title: `Build of ${build.lang}, ${stamp(build.requestedAt)}`,
    place: '/dashboard/builds',
    live: `build:${build.id}`,
    main: html`<div class="head">
        <h1>Build of <a href="${langPath(build.lang)}">${build.lang}</a></h1>
        <p><code>${build.id}</code></p>
      </div>
      <div id="state" data-live>${state(build, now)}</div>
      ${
        log
          ? logSection(build.id, log, line)
          : html`<section class="log" id="log-away">
              <h2>Log</h2>
              <p>The log cannot be read just now. <a href="">Look again</a>.</p>
            </section>`
      }`,
  })

const state = (build: BuildDetail, now: Date): Html =>
  html`<p class="verdict">
      ${outcomeChip(build.outcome, build.attempts.some(({ endedAt }) => endedAt === undefined) ? 'at work' : 'waits its turn')}
      ${build.reason !== undefined && html`<span class="reason">${visible(build.reason)}</span>`}
    </p>
    <dl class="facts">
      <dt>Asked for</dt>
      <dd>${time(build.requestedAt, now)} by ${visible(build.by)}, from <b>${build.from}</b> on</dd>
      ${
        build.endedAt &&
        html`<dt>Ended</dt>
          <dd>${time(build.endedAt, now)}, after ${duration(build.endedAt.getTime() - build.requestedAt.getTime())}</dd>`
      }
      ${
        build.retryOf &&
        html`<dt>Repeats</dt>
          <dd>${buildLink(build.retryOf)}</dd>`
      }
      ${
        build.retriedBy &&
        html`<dt>Repeated by</dt>
          <dd>${buildLink(build.retriedBy)}</dd>`
      }
    </dl>
    ${attempts(build)} ${made(build)} ${results(build)}`

function attempts({ attempts, steps }: BuildDetail): Html {
  const waiting = steps.filter(({ step, outcome }) => outcome === undefined && !attempts.some((each) => each.step === step))
  return html`<h2>Steps</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">Attempt</th>
          <th scope="col">Outcome</th>
          <th scope="col">Took</th>
          <th scope="col" class="logged">Log</th>
          <th scope="col" class="builder">Builder</th>
        </tr>
      </thead>
      <tbody>
        ${attempts.map(
          (each) =>
            html`<tr>
              <th scope="row">${each.step}</th>
              <td>${each.number}</td>
              <td>
                ${outcomeChip(each.outcome, 'at work')}
                ${steps.some(({ step, skipped }) => step === each.step && skipped) && html`<span class="muted">nothing had to be done</span>`}
                ${each.reason !== undefined && html`<span class="reason">${visible(each.reason)}</span>`}
              </td>
              <td>${each.endedAt && duration(each.endedAt.getTime() - each.leasedAt.getTime())}</td>
              <td class="logged">${bytes(each.logBytes)}</td>
              <td class="builder">${visible(each.builder)}</td>
            </tr>`,
        )}
        ${waiting.map(
          ({ step, state }) =>
            html`<tr>
              <th scope="row">${step}</th>
              <td></td>
              <td><span class="muted">${state === 'ready' ? 'waits its turn' : 'not begun'}</span></td>
              <td></td>
              <td class="logged"></td>
              <td class="builder"></td>
            </tr>`,
        )}
      </tbody>
    </table>`
}

/** What it depends on, and what came of it; all by digest, so that anybody can look it up. */
const made = ({ inputs, config, made, tested, outcome }: BuildDetail): Html =>
  html`<div class="two">
    <div>
      <h2>Made of</h2>
      <dl class="facts">
        <dt>Config</dt>
        <dd>${wholeDigest(config)}</dd>
        ${(['base', 'package', 'image'] as const).map(
          (kind) =>
            inputs[kind] &&
            html`<dt>${capital(kind)}</dt>
              <dd>${wholeDigest(inputs[kind])}</dd>`,
        )}
        ${
          inputs.agent !== undefined &&
          html`<dt>Agent</dt>
            <dd>${visible(inputs.agent)}</dd>`
        }
        ${
          inputs.refresh !== undefined &&
          html`<dt>Built anew as</dt>
            <dd>${visible(inputs.refresh)}</dd>`
        }
      </dl>
    </div>
    <div>
      <h2>Came of it</h2>
      <dl class="facts">
        ${made.map(
          ({ step, digest, bytes: size }) =>
            html`<dt>${capital(step)}</dt>
              <dd>${wholeDigest(digest)} <span class="muted">${bytes(size)}</span></dd>`,
        )}
        ${
          tested &&
          html`<dt>Tested as</dt>
            <dd>${wholeDigest(tested)}</dd>`
        }
        ${
          made.length === 0 &&
          !tested &&
          html`<dt>Nothing</dt>
            <dd>${outcome === undefined && 'so far'}</dd>`
        }
      </dl>
    </div>
  </div>`

const results = ({ results }: BuildDetail): Html =>
  results.length === 0
    ? html``
    : html`<h2>Checks</h2>
        <table>
          <thead>
            <tr>
              <th scope="col">Check</th>
              <th scope="col">Outcome</th>
              <th scope="col">Took</th>
              <th scope="col">Why</th>
            </tr>
          </thead>
          <tbody>
            ${results.map(
              ({ check, outcome, ms, why }) =>
                html`<tr>
                  <th scope="row">${check}</th>
                  <td>${checkChip(outcome)}</td>
                  <td>${duration(ms)}</td>
                  <td class="reason">${visible(why ?? '')}</td>
                </tr>`,
            )}
          </tbody>
        </table>`

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)
