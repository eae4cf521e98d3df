'use client'

import { useEffect, useRef } from 'react'

import { openAddress } from './terminal-links.ts'

type Props = { address: string | undefined; close: () => void }

/** A program can hide any address behind any words: it is shown whole before anybody goes there. */
export function LinkQuestion({ address, close }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)

  useEffect(() => {
    if (address === undefined) dialog.current?.close()
    else dialog.current?.showModal()
  }, [address])

  return (
    <dialog ref={dialog} className="question" aria-labelledby="link-question" onClose={close}>
      <h2 id="link-question">Open this address?</h2>
      <p>A program printed a link to</p>
      <p>
        <code className="address">{address}</code>
      </p>
      <div className="question-actions">
        <button
          type="button"
          className="button primary"
          onClick={() => {
            if (address !== undefined) openAddress(address)
            close()
          }}
        >
          Open in a new tab
        </button>
        <button type="button" className="button" onClick={close}>
          Stay here
        </button>
      </div>
    </dialog>
  )
}
