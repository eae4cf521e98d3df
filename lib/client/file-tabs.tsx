'use client'

import { type KeyboardEvent, useRef, useState } from 'react'

import { FileNameForm } from './file-name-form.tsx'
import type { Desk, DeskView } from './program/desk.ts'
import { freshName } from './program/file-names.ts'

export const EDITOR_PANEL = 'editor-panel'

/** The program's files, the main one first. What is done to the shown one stands beside the tabs. */
export function FileTabs({ desk, view }: { desk: Desk; view: DeskView }) {
  const [asking, setAsking] = useState<'add' | 'rename'>()
  const list = useRef<HTMLDivElement>(null)
  const paths = view.program.files.map(({ path }) => path)
  const { active } = view
  const isMain = active === paths[0]

  const show = (path: string | undefined) => {
    if (path === undefined) return
    desk.show(path)
    list.current?.querySelector<HTMLElement>(`[data-path="${CSS.escape(path)}"]`)?.focus()
  }
  const onKey = (event: KeyboardEvent) => {
    const at = paths.indexOf(active)
    const acts: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => show(paths.at(at - 1)),
      ArrowRight: () => show(paths[(at + 1) % paths.length]),
      Home: () => show(paths[0]),
      End: () => show(paths.at(-1)),
      F2: () => isMain || setAsking('rename'),
      Delete: () => desk.close(active),
    }
    const act = acts[event.key]
    if (!act) return
    event.preventDefault()
    act()
  }

  if (asking) {
    return (
      <FileNameForm
        label={asking === 'add' ? 'Name of the new file' : `New name of ${active}`}
        first={asking === 'add' ? freshName(paths) : active}
        act={asking === 'add' ? 'Add' : 'Rename'}
        take={(name) => (asking === 'add' ? desk.add(name) : desk.rename(active, name))}
        done={() => setAsking(undefined)}
      />
    )
  }
  return (
    <div className="files">
      <div className="tabs" role="tablist" aria-label="Files" ref={list}>
        {paths.map((path) => (
          <button
            key={path}
            type="button"
            role="tab"
            className="tab"
            data-path={path}
            aria-selected={path === active}
            aria-controls={EDITOR_PANEL}
            tabIndex={path === active ? 0 : -1}
            onClick={() => desk.show(path)}
            onAuxClick={({ button }) => button === 1 && desk.close(path)}
            onKeyDown={onKey}
          >
            {path}
          </button>
        ))}
      </div>
      <button
        type="button"
        className="button quiet icon"
        aria-label="Add a file"
        title="Add a file"
        onClick={() => setAsking('add')}
      >
        <span aria-hidden="true">+</span>
      </button>
      {isMain ? undefined : (
        <>
          <button type="button" className="button quiet" onClick={() => setAsking('rename')}>
            Rename
          </button>
          <button type="button" className="button quiet" onClick={() => desk.close(active)}>
            Close file
          </button>
        </>
      )}
    </div>
  )
}
