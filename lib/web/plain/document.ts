import { html, type Html, trusted } from './html.ts'

/** What every plain page is made with: its styles as text, its scripts by path, and the one that runs before the first paint. */
export type PlainAssets = { readonly styles: string; readonly script: string; readonly themeScript: string }

/** `nav` stands in the band, beside the name; without one a link leads to the workshop. */
export type PlainPage = { readonly title: string; readonly description?: string; readonly nav?: Html; readonly body: Html }

/**
 * A whole document: no framework, one script, and its styles within, so that it is painted with the first answer. Without a
 * nonce it is the same for everybody, and its policy names the one script within by its hash.
 */
export const plainDocument = ({ title, description, nav, body }: PlainPage, assets: PlainAssets, nonce?: string): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${description !== undefined && html`<meta name="description" content="${description}" />`}
        <meta name="theme-color" content="#143a73" media="(prefers-color-scheme: light)" />
        <meta name="theme-color" content="#0a1a36" media="(prefers-color-scheme: dark)" />
        <link rel="icon" href="/logo.svg" />
        ${trusted(`<script${nonce === undefined ? '' : ` nonce="${nonce}"`}>${assets.themeScript}</script>`)}
        <style>
          ${trusted(assets.styles)}
        </style>
        <script type="module" ${nonce !== undefined && html`nonce="${nonce}"`} src="${assets.script}"></script>
      </head>
      <body>
        <header class="band">
          <a class="wordmark" href="/">${MARK} Dragoman</a>
          ${nav ?? html`<a class="band-link" href="/dashboard">Workshop</a>`}
          <div class="band-end">
            <a class="band-link" href="/account">Account</a>
            <label class="theme-switch only-scripted"
              ><span>Theme</span>
              <select id="theme" autocomplete="off">
                <option value="system">As the system</option>
                <option value="light">Light</option>
                <option value="dark">Dark</option>
              </select></label
            >
          </div>
        </header>
        ${body}
      </body>
    </html> `.text

/** Two speakers, and the interpreter between them. */
const MARK = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
  <path d="M5 8l7 8-7 8M27 8l-7 8 7 8" />
  <circle cx="16" cy="16" r="2.4" />
</svg>`
