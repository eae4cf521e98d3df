'use client'

import { useSyncExternalStore } from 'react'

import type { ServerView } from './lsp/keeper.ts'
import { watchSettings } from './settings.ts'
import { type PlayLanguage, type Playground, wantsServer } from './use-playground.ts'

/** The language server: completion, complaints and explanations as one writes. */
export function CompletionSwitch({ language, play }: { language: PlayLanguage; play: Playground }) {
  const isWanted = useSyncExternalStore(
    watchSettings,
    () => wantsServer(language),
    () => language.server?.auto ?? false,
  )
  if (!language.server) {
    return (
      <button type="button" className="button quiet" aria-disabled title={`There is no completion for ${language.name} here`}>
        Completion
      </button>
    )
  }
  const { server } = play
  const hasFailed = server.at === 'failed'
  return (
    <button
      type="button"
      className="button quiet completion"
      data-at={server.at}
      aria-pressed={isWanted}
      title={words(server, isWanted)}
      onClick={() => play.setCompletion(!isWanted || hasFailed)}
    >
      Completion
      <span className="completion-state">{isWanted ? STATES[server.at] : 'off'}</span>
    </button>
  )
}

const STATES = {
  off: 'when you write',
  starting: 'starting…',
  on: 'on',
  waiting: 'starting again…',
  failed: 'failed · try again',
} as const satisfies Record<ServerView['at'], string>

function words(server: ServerView, isWanted: boolean): string {
  if (!isWanted) return 'Completion, complaints and explanations as you write'
  if (server.at === 'waiting' || server.at === 'failed') return `The language server failed. ${server.words}`
  return server.at === 'off' ? 'Starts when you enter the editor' : `The language server is ${STATES[server.at]}`
}
