import type { AuditEvent } from '#lib/application/ports/people.ts'
import type { PlainPage } from '../plain/document.ts'
import { html } from '../plain/html.ts'

/** Rows of one page. */
export const AUDIT_ROWS = 100

export const auditPage = (events: readonly AuditEvent[]): PlainPage => ({
  title: 'Audit trail · Dragoman',
  body: html`<main class="account">
    <h1>Audit trail</h1>
    <p class="lead">Who did what, the newest first. Rows are added and never changed.</p>
    ${events.length === 0 ? html`<p class="muted">Nothing older was done.</p>` : table(events)}
    <div class="account-row">
      <a href="/account">Your account</a>
      <a href="/audit">Newest</a>
      ${events.length === AUDIT_ROWS && html`<a href="/audit?before=${events.at(-1)?.at.toISOString()}">Older</a>`}
    </div>
  </main>`,
})

const table = (events: readonly AuditEvent[]) =>
  html`<div class="wide">
    <table>
      <thead>
        <tr>
          <th>When</th>
          <th>Who</th>
          <th>Did</th>
          <th>To</th>
          <th>With</th>
        </tr>
      </thead>
      <tbody>
        ${events.map(
          ({ at, actor, action, subject, facts }) =>
            html`<tr>
              <td data-label="When">
                <time datetime="${at.toISOString()}">${at.toISOString().slice(0, 19).replace('T', ' ')}</time>
              </td>
              <td data-label="Who">${actor}</td>
              <td data-label="Did">${action.replaceAll('_', ' ')}</td>
              <td data-label="To">${subject}</td>
              <td data-label="With"><code>${Object.keys(facts).length === 0 ? '' : JSON.stringify(facts)}</code></td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`
