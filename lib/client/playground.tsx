'use client'

import { type ReactNode, useRef, useState } from 'react'

import { AboutButton, AboutPanel } from './about-panel.tsx'
import { CompletionSwitch } from './completion-switch.tsx'
import { Dialogs } from './dialogs.tsx'
import { EditorNotices } from './editor-notices.tsx'
import { EDITOR_PANEL, FileTabs } from './file-tabs.tsx'
import { KeyRow } from './key-row.tsx'
import { NotReady } from './not-ready.tsx'
import { ProgramInputs } from './program-inputs.tsx'
import { SplitHandle } from './split-handle.tsx'
import { StatusLine } from './status-line.tsx'
import { TerminalSection } from './terminal-section.tsx'
import { Toolbar } from './toolbar.tsx'
import { type PlayLanguage, usePlayground } from './use-playground.ts'
import { useVisibleHeight } from './use-visible-height.ts'

/** `mark` leads home, `about` tells what the language is; both are drawn by the server alone. */
type Props = {
  language: PlayLanguage
  edition: string | undefined
  version: string | undefined
  mark: ReactNode
  about: ReactNode
}

/** Editor and terminal of one language, side by side, with what is done to them above and how they are below. */
export function Playground({ language, edition, version, mark, about }: Props) {
  const editorPane = useRef<HTMLDivElement>(null)
  const terminalPane = useRef<HTMLDivElement>(null)
  const [isFinding, setFinding] = useState(false)
  const [address, setAddress] = useState<string>()
  const play = usePlayground(language, editorPane, terminalPane, { onFind: () => setFinding(true), onHiddenLink: setAddress })
  useVisibleHeight()

  return (
    <div className="playground">
      <header className="band">
        {mark}
        <h1 className="language-name">{language.name}</h1>
        <Toolbar language={language} play={play}>
          <AboutButton />
        </Toolbar>
        <AboutPanel name={language.name} edition={edition} version={version} play={play}>
          {about}
        </AboutPanel>
      </header>
      <main className="panes">
        <section className="pane editor-pane" aria-label="Editor" id="editor-pane">
          <div className="pane-title">
            <FileTabs desk={play.desk} view={play.program} />
            <div className="pane-actions">
              <CompletionSwitch language={language} play={play} />
              <button type="button" className="button quiet reset" onClick={play.resetText}>
                {play.program.isLinked ? 'Reset to the link' : 'Reset to template'}
              </button>
            </div>
          </div>
          <EditorNotices play={play} />
          <div className="editor" ref={editorPane} id={EDITOR_PANEL} role="tabpanel" aria-label={play.program.active}>
            {play.isEditorOpen ? undefined : <pre className="editor-seed">{language.template}</pre>}
          </div>
          <ProgramInputs language={language} play={play} />
        </section>
        <SplitHandle of="editor-pane" />
        {language.lacks ? (
          <NotReady name={language.name} lacks={language.lacks} />
        ) : (
          <TerminalSection
            play={play}
            pane={terminalPane}
            finding={{ isOpen: isFinding, set: setFinding }}
            link={{ ...(address === undefined ? {} : { address }), forget: () => setAddress(undefined) }}
          />
        )}
      </main>
      {language.lacks ? undefined : <KeyRow play={play} />}
      <StatusLine play={play} isReady={!language.lacks} />
      <Dialogs language={language} play={play} />
    </div>
  )
}
