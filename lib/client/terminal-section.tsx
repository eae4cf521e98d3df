'use client'

import type { RefObject } from 'react'

import { FindBox } from './find-box.tsx'
import { LinkQuestion } from './link-question.tsx'
import { SessionCard } from './session-card.tsx'
import type { Playground } from './use-playground.ts'

type Props = {
  play: Playground
  pane: RefObject<HTMLDivElement | null>
  finding: { readonly isOpen: boolean; set(isOpen: boolean): void }
  link: { readonly address?: string; forget(): void }
}

/** How many lines the terminal keeps, in words; terminal.ts itself is loaded later. */
export const KEPT_WORDS = 'keeps the last 10,000 lines'

/** The terminal with what is done to it: find, clear, end of input. */
export function TerminalSection({ play, pane, finding, link }: Props) {
  const terminal = play.terminal
  const canEndInput = play.view.state.at === 'attached'
  const focusTerminal = () => terminal()?.focus()

  return (
    <section className="pane terminal-pane" aria-label="Terminal" id="terminal-pane">
      <div className="pane-title">
        <p>
          Terminal <span className="pane-note">{KEPT_WORDS}</span>
        </p>
        <div className="pane-actions">
          <button
            type="button"
            className="button quiet"
            aria-expanded={finding.isOpen}
            aria-keyshortcuts="Control+F"
            onClick={() => finding.set(!finding.isOpen)}
          >
            Find
          </button>
          <button
            type="button"
            className="button quiet"
            title="Drops what was printed; the program goes on"
            onClick={() => {
              terminal()?.clear()
              focusTerminal()
            }}
          >
            Clear
          </button>
          <button
            type="button"
            className="button quiet"
            aria-disabled={!canEndInput}
            title={canEndInput ? 'Tells the program that no more input comes (Ctrl D)' : 'There is no session at the moment'}
            onClick={() => {
              if (canEndInput) play.endInput()
              focusTerminal()
            }}
          >
            End of input
          </button>
        </div>
      </div>
      <div className="terminal-body">
        {finding.isOpen ? (
          <FindBox
            terminal={terminal}
            close={() => {
              finding.set(false)
              focusTerminal()
            }}
          />
        ) : undefined}
        <p className="needs-scripts">The prompt needs scripts: this page draws the terminal with them.</p>
        <div className="terminal-sheet" ref={pane} />
        <SessionCard play={play} />
      </div>
      <LinkQuestion address={link.address} close={link.forget} />
    </section>
  )
}
