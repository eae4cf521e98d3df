'use client'

import { lazy, Suspense } from 'react'

import type { DialogName, Playground, PlayLanguage } from './use-playground.ts'

export type DialogProps = { language: PlayLanguage; play: Playground; close: () => void }

/** Each is loaded when somebody opens it. */
const DIALOGS = {
  share: lazy(async () => ({ default: (await import('./share-dialog.tsx')).ShareDialog })),
  settings: lazy(async () => ({ default: (await import('./settings-panel.tsx')).SettingsPanel })),
  keys: lazy(async () => ({ default: (await import('./keys-dialog.tsx')).KeysDialog })),
} satisfies Record<DialogName, unknown>

export function Dialogs({ language, play }: { language: PlayLanguage; play: Playground }) {
  if (!play.dialog) return undefined
  const Chosen = DIALOGS[play.dialog]
  return (
    <Suspense>
      <Chosen language={language} play={play} close={play.closeDialog} />
    </Suspense>
  )
}
