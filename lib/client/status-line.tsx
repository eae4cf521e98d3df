'use client'

import { problemWords, statusWords } from './status-words.ts'
import { useOnline } from './use-online.ts'
import type { Playground } from './use-playground.ts'

/** What goes on: the session or its program on the left, the connection on the right. */
export function StatusLine({ play, isReady }: { play: Playground; isReady: boolean }) {
  const isOnline = useOnline()
  const { view } = play
  const connection = view.isConnected ? 'connected' : isOnline ? 'reconnecting' : 'offline'
  return (
    <footer className="status">
      <output className="status-words">
        {isReady ? statusWords(view.state) : 'Not installed here'}
        {view.problem ? <strong className="problem"> {problemWords(view.problem)}</strong> : undefined}
        {play.isTextKept ? undefined : <strong className="problem"> This browser keeps no text: a reload loses it.</strong>}
      </output>
      {isReady ? (
        <p className="connection" data-connection={connection}>
          {view.isConnected || view.state.at !== 'connecting' ? connection : 'connecting'}
        </p>
      ) : undefined}
    </footer>
  )
}
