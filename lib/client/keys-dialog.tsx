'use client'

import { Dialog } from './dialog.tsx'
import type { DialogProps } from './dialogs.tsx'
import { keyNames, SHORTCUTS } from './shortcuts.ts'

const PLACES = ['Everywhere', 'Editor', 'Files', 'Terminal'] as const

export function KeysDialog({ close }: DialogProps) {
  const isApple = /Mac|iP(?:hone|ad|od)/.test(navigator.platform)
  return (
    <Dialog title="Keys" close={close}>
      <div className="keys">
        {PLACES.map((place) => (
          <section key={place}>
            <h3>{place}</h3>
            <dl>
              {SHORTCUTS.filter((one) => one.place === place).map(({ keys, words }) => (
                <div key={keys}>
                  <dt>{words}</dt>
                  <dd>
                    {keyNames(keys, isApple).map((name) => (
                      <kbd key={name}>{name}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
