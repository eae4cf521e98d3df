import type { TokenFacts } from '#lib/application/ports/people.ts'
import { type Person, type Role, ROLES, SCOPES } from '#lib/domain/person.ts'
import type { PlainPage } from '../plain/document.ts'
import { html, type Html } from '../plain/html.ts'

export type AccountView = {
  readonly person: Person
  readonly csrf: string
  readonly tokens: readonly TokenFacts[]
  readonly now: Date
  /** A token that was made just now; shown this once. */
  readonly made?: string
  readonly problem?: string
  readonly mayReadAudit: boolean
  /** Everybody, for who gives roles. */
  readonly people: readonly Person[] | undefined
}

const ROLE_WORDS: Readonly<Record<Role, string>> = {
  visitor: 'You can look at everything. An admin can make you a contributor.',
  contributor: 'You can ask for builds, and cancel your own.',
  maintainer: 'You can build, cancel, promote and roll back.',
  admin: 'You can do everything, and say who else may do what.',
}
const SCOPE_WORDS = {
  build: 'ask for and cancel builds',
  deploy: 'promote and roll back',
  admin: 'read the audit trail and who there is',
}
const DAYS = [7, 30, 90, 365]

export const accountPage = (view: AccountView): PlainPage => ({
  title: 'Your account · Dragoman',
  body: html`<main class="account">
    <h1>${view.person.name}</h1>
    <p class="lead">You are ${article(view.person.role)} <strong>${view.person.role}</strong>. ${ROLE_WORDS[view.person.role]}</p>
    <div class="account-row">
      ${view.mayReadAudit && html`<a href="/audit">Audit trail</a>`}
      <a href="/api">The API</a>
      <form method="post" action="/sign-out">${word(view)}<button class="button">Sign out</button></form>
    </div>
    ${view.problem !== undefined && html`<p class="notice" role="alert">${view.problem}</p>`}
    ${view.made !== undefined && secretShown(view.made)}
    <h2>Tokens</h2>
    <p>A program shows a token in your name. What it may is what you may, of that what you tick.</p>
    ${view.tokens.length === 0 ? html`<p class="muted">You have none.</p>` : tokenTable(view)} ${tokenForm(view)}
    ${view.people && peopleTable(view, view.people)}
  </main>`,
})

const article = (role: Role) => (role === 'admin' ? 'an' : 'a')
const word = ({ csrf }: Pick<AccountView, 'csrf'>) => html`<input type="hidden" name="csrf" value="${csrf}" />`
const day = (date: Date | undefined) => date?.toISOString().slice(0, 10) ?? 'never'

const secretShown = (secret: string) =>
  html`<div class="notice" role="status">
    <p>Your new token. It is shown this once; keep it where programs of yours find it.</p>
    <p><code class="secret">${secret}</code></p>
  </div>`

const tokenTable = (view: AccountView) =>
  html`<div class="wide">
    <table>
      <thead>
        <tr>
          <th>Name</th>
          <th>May</th>
          <th>Made</th>
          <th>Last used</th>
          <th>Ends</th>
          <th><span class="unseen">Revoke</span></th>
        </tr>
      </thead>
      <tbody>
        ${view.tokens.map((token) => tokenRow(view, token))}
      </tbody>
    </table>
  </div>`

function tokenRow(view: AccountView, { id, name, scopes, createdAt, usedAt, expiresAt, revokedAt }: TokenFacts): Html {
  const ended = revokedAt ? `revoked ${day(revokedAt)}` : expiresAt <= view.now ? `ended ${day(expiresAt)}` : undefined
  return html`<tr>
    <th scope="row">${name}</th>
    <td data-label="May">${scopes.length === 0 ? 'read' : scopes.join(', ')}</td>
    <td data-label="Made">${day(createdAt)}</td>
    <td data-label="Last used">${day(usedAt)}</td>
    <td data-label="Ends">${ended ?? day(expiresAt)}</td>
    <td>
      ${
        ended === undefined &&
        html`<form method="post" action="/account/revoke">
          ${word(view)}<input type="hidden" name="token" value="${id}" />
          <button class="button">Revoke<span class="unseen"> ${name}</span></button>
        </form>`
      }
    </td>
  </tr>`
}

const tokenForm = (view: AccountView) =>
  html`<form class="token-form" method="post" action="/account/tokens">
    ${word(view)}
    <label>What is it for?<input type="text" name="name" required maxlength="60" autocomplete="off" /></label>
    <fieldset>
      <legend>It may, beside reading</legend>
      ${SCOPES.map((scope) => html`<label class="tick"><input type="checkbox" name="${scope}" value="yes" />${SCOPE_WORDS[scope]}</label>`)}
    </fieldset>
    <label
      >It ends after
      <select name="days">
        ${DAYS.map((days) => html`<option value="${days}">${days} days</option>`)}
      </select></label
    >
    <button class="button primary">Make a token</button>
  </form>`

const peopleTable = (view: AccountView, people: readonly Person[]) =>
  html`<h2>People</h2>
    <p>Who gets another role has to sign in again.</p>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th>Name</th>
            <th>Id</th>
            <th>Role</th>
          </tr>
        </thead>
        <tbody>
          ${people.map(
            (person) =>
              html`<tr>
                <th scope="row">${person.name}</th>
                <td data-label="Id"><code>${person.id}</code></td>
                <td>
                  <form class="role-form" method="post" action="/account/role">
                    ${word(view)}<input type="hidden" name="person" value="${person.id}" />
                    <select name="role" aria-label="Role of ${person.name}">
                      ${ROLES.map((role) => (role === person.role ? html`<option selected>${role}</option>` : html`<option>${role}</option>`))}
                    </select>
                    <button class="button">Give<span class="unseen"> ${person.name} this role</span></button>
                  </form>
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`
