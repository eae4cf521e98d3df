'use client'

import type { ReactNode } from 'react'

import { whyNot } from './actions.ts'
import { EditorActions } from './editor-actions.tsx'
import type { PlayLanguage, Playground } from './use-playground.ts'

type Props = { language: PlayLanguage; play: Playground; children: ReactNode }

/**
 * Run and Stop, and the rest: beside them where there is room, behind a button on a phone. What cannot be done now stays
 * in its place and says why. `children` come last.
 */
export function Toolbar({ language, play, children }: Props) {
  const { state } = play.view
  return (
    <>
      <fieldset className="actions" aria-label={`${language.name} program`}>
        <Action
          label="Run"
          keys="Control+Enter"
          hint="Ctrl ⏎"
          kind="primary"
          act={play.run}
          not={whyNot('run', state, language)}
        />
        <Action label="Stop" act={play.stop} not={whyNot('stop', state, language)} />
        {whyNot('renew', state, language) === undefined ? (
          <Action label="New session" kind="primary" act={play.renew} not={undefined} />
        ) : undefined}
      </fieldset>
      <button type="button" className="button more-button" popoverTarget="more" aria-label="More">
        <span aria-hidden="true">⋯</span>
      </button>
      <div className="more" id="more" popover="auto" ref={closeWhenDone}>
        <Action label="New prompt" act={play.prompt} not={whyNot('prompt', state, language)} />
        <EditorActions language={language} play={play} />
        {children}
      </div>
    </>
  )
}

/** As a menu closes when something was chosen from it. */
function closeWhenDone(more: HTMLElement | null) {
  more?.addEventListener('click', ({ target }) => {
    const chosen = target instanceof Element && target.closest('button:not([aria-disabled="true"])')
    if (chosen && more.matches(':popover-open')) more.hidePopover()
  })
}

type ActionProps = {
  label: string
  act: () => void
  /** Why it cannot be done now. */
  not: string | undefined
  keys?: string
  hint?: string
  kind?: 'primary'
}

function Action({ label, act, not, keys, hint, kind }: ActionProps) {
  return (
    <button
      type="button"
      className={kind === 'primary' ? 'button primary' : 'button'}
      aria-disabled={not !== undefined}
      aria-keyshortcuts={keys}
      title={not ?? (hint ? `${label} (${hint})` : label)}
      onClick={not === undefined ? act : undefined}
    >
      {label}
      {hint ? (
        <kbd className="hint" aria-hidden="true">
          {hint}
        </kbd>
      ) : undefined}
    </button>
  )
}
