'use client'

import { type ReactNode, useState } from 'react'

import type { Playground } from './use-playground.ts'

type Props = {
  name: string
  /** The edition its file names, until the real version is known. */
  edition: string | undefined
  version: string | undefined
  play: Playground
  children: ReactNode
}

/** Opens the panel by the browser's own means, so it works before any script does. */
export const AboutButton = () => (
  <button type="button" className="button about-button" popoverTarget="about">
    About
  </button>
)

/** What the language is. It stands apart from its button, which on a phone is in a sheet that closes. */
export function AboutPanel({ name, edition, version, play, children }: Props) {
  const [real, setReal] = useState(version)

  async function onToggle(isOpen: boolean) {
    if (isOpen && real === undefined) setReal(await play.version())
  }

  return (
    <section
      id="about"
      className="about"
      popover="auto"
      aria-label={`About ${name}`}
      onToggle={(event) => void onToggle(event.newState === 'open')}
    >
      <h2>{name}</h2>
      <p className="about-version">
        <span className="only-heard">Version </span>
        {real ?? edition}
        {real === undefined ? undefined : <span className="about-here">the version here</span>}
      </p>
      {children}
    </section>
  )
}
