'use client'

import type { Desk, Notice } from './program/desk.ts'
import type { Playground } from './use-playground.ts'

/** What is to be said of the text: where it came from, what became of what was asked. */
export function EditorNotices({ play }: { play: Playground }) {
  const { notice, isLinked } = play.program
  return (
    <div className="notices">
      {isLinked ? (
        <p className="notice linked">
          <span>This program came by a link. Your own text is kept as it was.</span>
          <button type="button" className="button quiet" onClick={play.backToOwn}>
            Back to my text
          </button>
        </p>
      ) : undefined}
      <output aria-label="Editor message" className={notice ? `notice${notice.isProblem ? ' problem-notice' : ''}` : undefined}>
        {notice ? <Said notice={notice} desk={play.desk} /> : undefined}
      </output>
    </div>
  )
}

function Said({ notice, desk }: { notice: Notice; desk: Desk }) {
  return (
    <>
      <span>{notice.words}</span>
      {notice.undo ? (
        <button type="button" className="button quiet" onClick={desk.undo}>
          Undo
        </button>
      ) : undefined}
      <button type="button" className="button quiet" onClick={desk.dismiss}>
        Dismiss
      </button>
      {notice.detail ? (
        <pre aria-label="What it said">
          <code>{notice.detail}</code>
        </pre>
      ) : undefined}
    </>
  )
}
