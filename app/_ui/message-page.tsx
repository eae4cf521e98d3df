import type { ReactNode } from 'react'

import { Masthead } from './masthead.tsx'

/** A page that has one thing to say. */
export function MessagePage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <>
      <Masthead />
      <main className="message">
        <h1>{title}</h1>
        {children}
      </main>
    </>
  )
}
