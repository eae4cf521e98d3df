'use client'

import { whyNot } from './actions.ts'
import type { Playground, PlayLanguage } from './use-playground.ts'

/** Format, and the dialogs: Share, Settings, Keys. */
export function EditorActions({ language, play }: { language: PlayLanguage; play: Playground }) {
  const notFormat = whyNot('format', play.view.state, language)
  return (
    <span className="editor-acts">
      <button
        type="button"
        className="button"
        aria-disabled={notFormat !== undefined}
        aria-keyshortcuts="Shift+Alt+F"
        title={notFormat ?? 'Format the text (Shift Alt F)'}
        onClick={notFormat === undefined ? play.format : undefined}
      >
        Format
      </button>
      <button type="button" className="button" aria-haspopup="dialog" onClick={() => play.openDialog('share')}>
        Share
      </button>
      <button type="button" className="button" aria-haspopup="dialog" onClick={() => play.openDialog('settings')}>
        Settings
      </button>
      <button
        type="button"
        className="button"
        aria-haspopup="dialog"
        aria-keyshortcuts="F1"
        title="All keys (F1)"
        onClick={() => play.openDialog('keys')}
      >
        Keys
      </button>
    </span>
  )
}
