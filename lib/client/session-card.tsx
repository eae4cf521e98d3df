'use client'

import { cardOf } from './session-card-words.ts'
import { useOnline } from './use-online.ts'
import type { Playground } from './use-playground.ts'

/** Over the terminal: why there is no prompt yet, or none any more. The status line tells the same to who listens. */
export function SessionCard({ play }: { play: Playground }) {
  const card = cardOf(play.view.state, useOnline())
  if (!card) return undefined
  const { kind, title, words, renew } = card
  return (
    <div className="session-card" data-kind={kind}>
      <p className="session-card-title">{title}</p>
      {words ? <p>{words}</p> : undefined}
      {renew ? (
        <button type="button" className="button primary" onClick={play.renew}>
          {renew}
        </button>
      ) : undefined}
    </div>
  )
}
