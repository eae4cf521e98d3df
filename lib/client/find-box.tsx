'use client'

import { type KeyboardEvent, useEffect, useRef, useState } from 'react'

import type { Found } from './terminal-find.ts'
import type { TerminalPane } from './terminal.ts'

type Props = { terminal: () => TerminalPane | undefined; close: () => void }

/** Finds words in what the terminal keeps: Enter the next, Shift-Enter the one before, Escape closes. */
export function FindBox({ terminal, close }: Props) {
  const [words, setWords] = useState('')
  const [matchCase, setMatchCase] = useState(false)
  const [found, setFound] = useState<Found>()
  const box = useRef<HTMLInputElement>(null)

  useEffect(() => {
    box.current?.focus()
    return () => terminal()?.endFind()
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- opened and closed with the box
  }, [])

  async function look(next: { words?: string; matchCase?: boolean; isBack?: boolean } = {}) {
    const what = { words, matchCase, isBack: false, ...next }
    setFound(what.words === '' ? undefined : await terminal()?.find(what))
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Enter') void look({ isBack: event.shiftKey })
    else if (event.key === 'Escape') close()
    else return
    event.preventDefault()
  }

  return (
    <search className="find-box" aria-label="Find in the terminal">
      <input
        ref={box}
        type="search"
        aria-label="Words to find"
        placeholder="Find in the last 10,000 lines"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        value={words}
        onChange={({ target }) => {
          setWords(target.value)
          void look({ words: target.value })
        }}
        onKeyDown={onKeyDown}
      />
      <output className="found">{foundWords(found)}</output>
      <button type="button" className="button quiet" onClick={() => void look({ isBack: true })}>
        Previous
      </button>
      <button type="button" className="button quiet" onClick={() => void look()}>
        Next
      </button>
      <button
        type="button"
        className="button quiet"
        aria-pressed={matchCase}
        title="Capitals count"
        onClick={() => {
          setMatchCase(!matchCase)
          void look({ matchCase: !matchCase })
        }}
      >
        Match case
      </button>
      <button type="button" className="button quiet" onClick={close}>
        Close
      </button>
    </search>
  )
}

function foundWords(found: Found | undefined): string {
  if (!found) return ''
  if (found.count === 0) return 'Not found'
  return found.place === 0 ? `${found.count} or more` : `${found.place} of ${found.count}`
}
