import type { Metadata, Viewport } from 'next'
import { headers } from 'next/headers'
import type { ReactNode } from 'react'

import { THEME_SCRIPT } from '#lib/client/settings.ts'
import { NONCE_HEADER } from '#lib/web/page-policy.ts'

import './styles/tokens.css'
import './styles/base.css'
import './styles/message.css'

export const metadata: Metadata = {
  title: { default: 'Dragoman: every programming language at a prompt', template: '%s · Dragoman' },
  description: 'Open a programming language and type at its prompt; write a program, run it, see what it does.',
  icons: { icon: '/logo.svg' },
}

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#143a73' },
    { media: '(prefers-color-scheme: dark)', color: '#0a1a36' },
  ],
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get(NONCE_HEADER) ?? undefined
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        {/* Browsers hide a nonce from scripts, so what hydration finds is never what the server wrote. */}
        <script nonce={nonce} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: THEME_SCRIPT }} />
      </head>
      <body>{children}</body>
    </html>
  )
}
