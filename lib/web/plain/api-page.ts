import { API_PROBLEMS } from '#lib/domain/api-problem.ts'
import { ACTIONS } from '#lib/domain/may.ts'
import { API_PREFIX, type Operation } from '#lib/protocol/http/operation.ts'
import { OPERATIONS } from '#lib/protocol/http/operations.ts'
import type { PlainPage } from './document.ts'
import { html, type Html } from './html.ts'

/** What programs can ask, for people to read; made of the table that answers them. */
export const apiPage = (): PlainPage => ({
  title: 'The API · Dragoman',
  description: 'Everything that can be asked of Dragoman over HTTP.',
  body: html`<main class="account">
    <h1>The API</h1>
    <p class="lead">
      Below <code>${API_PREFIX}</code>, JSON in and out. Reading is for anybody; the rest wants a token from
      <a href="/account">your account</a>, as <code>Authorization: Bearer drg_…</code>. Errors have one shape: <code>code</code>,
      <code>message</code>, <code>retryAfter</code>, <code>details</code>.
    </p>
    <p><a href="${API_PREFIX}/openapi.json">All of it for programs (OpenAPI 3.1)</a></p>
    ${Object.values<Operation>(OPERATIONS).map(described)}
  </main>`,
})

function described({ method, path, summary, action, query, body, repeats, refusals }: Operation): Html {
  const { least, scope } = ACTIONS[action]
  const fields = [
    ...Object.keys(query?.shape ?? {}).map((name) => `?${name}`),
    ...Object.keys(body?.shape ?? {}),
    ...(repeats ? ['Idempotency-Key'] : []),
  ]
  return html`<section class="operation">
    <h2>
      <code>${method} ${path}</code>
    </h2>
    <p>${summary}.</p>
    <dl>
      <dt>Who</dt>
      <dd>${least === 'anyone' ? 'anybody' : `${least} and up; ${tokenWords(scope)}`}</dd>
      ${
        fields.length > 0 &&
        html`<dt>Takes</dt>
          <dd>${fields.map((name, at) => html`${at > 0 && ', '}<code>${name}</code>`)}</dd>`
      }
      ${
        refusals.length > 0 &&
        html`<dt>Refuses</dt>
          <dd>${refusals.map(refusal)}</dd>`
      }
    </dl>
  </section>`
}

function tokenWords(scope: (typeof ACTIONS)[Operation['action']]['scope']): string {
  if (scope === 'never') return 'no token, only a browser'
  return scope === 'none' ? 'any token' : `a token for ${scope}`
}

const refusal = (code: Operation['refusals'][number]) =>
  html`<span class="refusal"><code>${code}</code> ${API_PROBLEMS[code].status}: ${API_PROBLEMS[code].words}</span>`
