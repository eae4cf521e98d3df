import type { LangConfig } from '#lib/domain/lang-config.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

export type Unsupported = { readonly code: 'unsupported_recipe'; readonly why: string }
export const unsupported = (why: string): Unsupported => ({ code: 'unsupported_recipe', why })

/** As Debian writes a name, perhaps with an architecture, and apt a version behind it. */
const NAME = /^([a-z0-9][a-z0-9.+-]+(?::[a-z0-9]+)?)(?:=([A-Za-z0-9.+~:-]+))?$/

type Entries = Pick<NonNullable<LangConfig['install']>, 'apt' | 'depends'>

/** The Debian packages of a config: as apt is asked for them, and as a package's Depends names them. */
export function dependencies({
  apt = [],
  depends: { strip = [], unpin = [] } = {},
}: Entries): Result<{ readonly names: readonly string[]; readonly depends: readonly string[] }, Unsupported> {
  const names: string[] = []
  const depends: string[] = []
  for (const entry of apt) {
    const [, name = '', version] = NAME.exec(entry) ?? []
    if (name === '') return err(unsupported(`"${entry}" of "apt" is not the plain name of a package`))
    const isFree = version === undefined || unpin.includes(name)
    names.push(isFree ? name : entry)
    if (!strip.includes(name)) depends.push(isFree ? name : `${name} (= ${version})`)
  }
  return ok({ names, depends })
}
