import { MessagePage } from './_ui/message-page.tsx'

/** For what Next alone finds missing, below its own paths; lib/web/plain answers for every other address. */
export default function NotFound() {
  return (
    <MessagePage title="There is nothing here">
      <p>
        <a href="/">All languages</a>
      </p>
    </MessagePage>
  )
}
