'use client'

import { MessagePage } from './_ui/message-page.tsx'

export default function ErrorPage({ reset }: { reset: () => void }) {
  return (
    <MessagePage title="Something broke on our side">
      <p>What you wrote is kept in this browser. Trying again often helps.</p>
      <p>
        <button type="button" className="button primary" onClick={reset}>
          Try again
        </button>
      </p>
      <p>
        <a href="/">All languages</a>
      </p>
    </MessagePage>
  )
}
