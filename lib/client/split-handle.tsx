'use client'

import { type KeyboardEvent, type PointerEvent, useState, useSyncExternalStore } from 'react'

import { LAYOUTS, layoutNow, readSplit, setSplit, SPLIT_MAX, SPLIT_MIN, splitAfterKey, watchSplit } from './split-size.ts'

/** The line between the panes: drag it, or walk it with the arrow keys; a double click puts it back. */
export function SplitHandle({ of }: { of: string }) {
  const layout = useSyncExternalStore(watchSplit, layoutNow, () => 'across' as const)
  const share = useSyncExternalStore(
    watchSplit,
    () => readSplit(layout),
    () => LAYOUTS.across,
  )
  const [isHeld, setHeld] = useState(false)

  function onKeyDown(event: KeyboardEvent) {
    const next = splitAfterKey(event.key, layout, share)
    if (next !== undefined) setSplit(layout, next)
    else if (event.key === 'Enter') setSplit(layout)
    else return
    event.preventDefault()
  }

  function onPointerMove({ currentTarget, clientX, clientY }: PointerEvent<HTMLElement>) {
    const panes = currentTarget.parentElement?.getBoundingClientRect()
    if (!isHeld || !panes) return
    setSplit(
      layout,
      layout === 'across' ? (100 * (clientX - panes.left)) / panes.width : (100 * (clientY - panes.top)) / panes.height,
    )
  }

  return (
    // A separator that can be moved is a widget, whatever its role sounds like.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      className="split-handle"
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a rule cannot be moved
      role="separator"
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      aria-label="Size of the panes"
      aria-controls={of}
      aria-orientation={layout === 'across' ? 'vertical' : 'horizontal'}
      aria-valuemin={SPLIT_MIN}
      aria-valuemax={SPLIT_MAX}
      aria-valuenow={Math.round(share)}
      aria-valuetext={`${Math.round(share)} percent for the editor`}
      title="Drag to size the panes; double-click to put them back"
      data-held={isHeld}
      onKeyDown={onKeyDown}
      onDoubleClick={() => setSplit(layout)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        setHeld(true)
      }}
      onPointerMove={onPointerMove}
      onLostPointerCapture={() => setHeld(false)}
    />
  )
}
