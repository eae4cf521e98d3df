'use client'

import { useEffect, useId, useState } from 'react'

import type { Result } from '#lib/domain/result.ts'

import { Dialog } from './dialog.tsx'
import type { DialogProps } from './dialogs.tsx'
import { copyText } from './share/copy-text.ts'
import { download } from './share/download.ts'
import { type LinkTooLong, linkPart } from './share/link.ts'
import { markdownOf } from './share/markdown.ts'

/** The link holds all of the program; nothing of it goes to a server. */
export function ShareDialog({ language, play, close }: DialogProps) {
  const { program } = play.program
  const id = useId()
  const [part, setPart] = useState<Result<string, LinkTooLong>>()
  const [said, setSaid] = useState<string>()
  useEffect(() => {
    let isCurrent = true
    void linkPart(language.id, program).then((made) => isCurrent && setPart(made))
    return () => void (isCurrent = false)
  }, [language.id, program])

  const page = `${location.origin}/${encodeURIComponent(language.id)}`
  const link = part?.ok ? `${page}#${part.value}` : undefined
  const copy = async (what: string, text: string) =>
    setSaid((await copyText(text)) ? `${what} copied.` : 'The browser forbids copying; take it from the field.')
  return (
    <Dialog title="Share" close={close}>
      <div className="share">
        <p className="field">
          <label htmlFor={id}>Link</label>
          <input id={id} type="text" readOnly value={link ?? ''} onFocus={({ target }) => target.select()} />
          <span className="field-note">
            {part === undefined || part.ok
              ? 'Holds the files, the arguments and the input. No server keeps them.'
              : `The program is too long for a link: it would have ${kilobytes(part.error.chars)} KB, and addresses over ${kilobytes(part.error.max)} KB get cut. Download it instead.`}
          </span>
        </p>
        <p className="share-acts">
          <button
            type="button"
            className="button primary"
            aria-disabled={link === undefined}
            onClick={() => link !== undefined && void copy('Link', link)}
          >
            Copy link
          </button>
          <button
            type="button"
            className="button"
            onClick={() =>
              void copy('Markdown', markdownOf(language.name, language.highlight ?? language.id, program, link ?? page))
            }
          >
            Copy as Markdown
          </button>
          <button type="button" className="button" onClick={() => download(language.id, program.files)}>
            Download
          </button>
        </p>
        <output aria-label="Share message" className="share-said">
          {said}
        </output>
      </div>
    </Dialog>
  )
}

const kilobytes = (chars: number) => Math.ceil(chars / 1024)
