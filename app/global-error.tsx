'use client'

import './styles/tokens.css'
import './styles/base.css'
import './styles/message.css'

/** Stands in for the whole document when even its frame failed, so it brings its own. */
export default function GlobalError({ reset }: { reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Something broke · Dragoman</title>
        <main className="message">
          <h1>Something broke on our side</h1>
          <p>What you wrote is kept in this browser.</p>
          <button type="button" className="button primary" onClick={reset}>
            Try again
          </button>
        </main>
      </body>
    </html>
  )
}
