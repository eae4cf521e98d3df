import type { Metadata } from 'next'
import { headers } from 'next/headers'
import { notFound, permanentRedirect } from 'next/navigation'

import { Playground } from '#lib/client/playground.tsx'
import { SPLIT_SCRIPT } from '#lib/client/split-size.ts'
import { languageName } from '#lib/web/language-redirect.ts'
import { NONCE_HEADER } from '#lib/web/page-policy.ts'
import { services } from '#lib/web/page-services.ts'
import { languageAbout } from '#lib/web/present-about.ts'
import { playLanguage } from '#lib/web/present-language.ts'

import { AboutLanguage } from '../_ui/about.tsx'
import { Mark } from '../_ui/mark.tsx'

import '../styles/playground.css'
import '../styles/editor.css'
import '../styles/tools.css'
import '../styles/terminal.css'
import '../styles/about.css'

export const dynamic = 'force-dynamic'

type Props = { params: Promise<{ lang: string }> }

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const found = findByPath((await params).lang)
  if (found?.kind !== 'id') return { title: 'No such language' }
  const { name, info } = found.listed.language
  return { title: name, description: info.desc ?? `Type at a ${name} prompt, or write a ${name} program and run it.` }
}

export default async function LanguagePage({ params }: Props) {
  const found = findByPath((await params).lang)
  // The server sends other names on before they come here; without it in front, this does.
  if (found?.kind === 'alias') permanentRedirect(`/${found.id}`)
  if (found?.kind !== 'id') notFound()

  const { language } = found.listed
  const home = (
    <a className="wordmark" href="/" aria-label="Dragoman: all languages">
      <Mark />
    </a>
  )
  return (
    <>
      <script
        nonce={(await headers()).get(NONCE_HEADER) ?? undefined}
        suppressHydrationWarning
        dangerouslySetInnerHTML={{ __html: SPLIT_SCRIPT }}
      />
      <Playground
        language={playLanguage(found.listed)}
        edition={language.info.version}
        version={services().version(language.id)}
        mark={home}
        about={<AboutLanguage about={languageAbout(found.listed)} />}
      />
    </>
  )
}

/** `part` is as it stands in the address, escapes and all. */
function findByPath(part: string) {
  const name = languageName(`/${part}`)
  return name === undefined ? undefined : services().find(name)
}
