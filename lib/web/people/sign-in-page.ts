import type { SignInProvider } from '#lib/application/ports/sign-in-provider.ts'
import type { PlainPage } from '../plain/document.ts'
import { html } from '../plain/html.ts'

/** Why somebody is back here, by the words that a provider's answer has for it; all others are the last. */
const WHY: Readonly<Record<string, string>> = {
  AccessDenied: 'You did not let them tell us who you are.',
  Callback: 'The database does not answer; try again in a moment.',
  link: 'That link was used, is older than fifteen minutes, or never was.',
  form: 'The form was too old, or came from another page. Try again.',
}
const OTHERWISE = 'That did not work. Try again.'

export const signInPage = (provider: Pick<SignInProvider, 'name'> | undefined, to: string, why: string | null): PlainPage => ({
  title: 'Sign in · Dragoman',
  body: html`<main class="message">
    <h1>Sign in</h1>
    ${why !== null && html`<p class="notice" role="alert">${Object.hasOwn(WHY, why) ? WHY[why] : OTHERWISE}</p>`}
    <p>Languages are for everybody. Who signs in can ask for builds, and make live what passed its tests.</p>
    ${
      provider
        ? html`<form method="post" action="/sign-in/provider">
            <input type="hidden" name="to" value="${to}" />
            <button class="button primary">Sign in with ${provider.name}</button>
          </form>`
        : html`<p>
            No way to sign in is set up here. Who runs this server gets a link from <code>npx dragoman admin-link</code>.
          </p>`
    }
    <p><a href="/">All languages</a></p>
  </main>`,
})

/** Opening the link does nothing yet: what looks at links ahead of people shall not use it up. */
export const adminLinkPage = (secret: string): PlainPage => ({
  title: 'Become an admin · Dragoman',
  body: html`<main class="message">
    <h1>Become an admin</h1>
    <p>Whoever goes on is an admin of this server: they give roles, and may let regressions through. The link works once.</p>
    <form method="post" action="/sign-in/admin">
      <input type="hidden" name="link" value="${secret}" />
      <button class="button primary">Go on as an admin</button>
    </form>
  </main>`,
})
