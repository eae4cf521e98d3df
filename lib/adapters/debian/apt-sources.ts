/** One archive that the machine's own apt uses. */
export type AptSource = {
  readonly uri: string
  readonly suites: readonly string[]
  readonly components: readonly string[]
  readonly signedBy: string | undefined
}

/** Both forms that apt reads: paragraphs of fields, and one line each. */
export function parseAptSources(text: string): AptSource[] {
  return /^(Types|URIs):/im.test(text) ? text.split(/\n\s*\n/).flatMap(paragraph) : text.split('\n').flatMap(line)
}

function paragraph(text: string): AptSource[] {
  const fields = new Map<string, string>()
  for (const [, name = '', value = ''] of text.replaceAll(/^#.*\n?/gm, '').matchAll(/^([\w-]+):((?:.*)(?:\n[ \t].*)*)/gm)) {
    fields.set(name.toLowerCase(), value.trim())
  }
  const words = (name: string) => (fields.get(name) ?? '').split(/\s+/).filter((word) => word !== '')
  if (!words('types').includes('deb') || fields.get('enabled') === 'no') return []
  // A key given whole, over many lines, is for the archive's own owner to have as a file.
  const signedBy = fields.get('signed-by')
  return words('uris').map((uri) => ({
    uri,
    suites: words('suites'),
    components: words('components'),
    signedBy: signedBy?.startsWith('/') ? signedBy : undefined,
  }))
}

function line(text: string): AptSource[] {
  const [, options = '', uri, suite, rest = ''] = /^deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]*)/.exec(text.trim()) ?? []
  if (!uri || !suite) return []
  const signedBy = /signed-by=(\/\S+)/i.exec(options)?.[1]
  return [{ uri, suites: [suite], components: rest.split(/\s+/).filter((word) => word !== ''), signedBy }]
}

/** For a system that names no archive, such as an image of ours: Debian's own, by the keys that come with it. */
export function publicSources(distribution: string | undefined, own: string): AptSource[] {
  if (distribution !== 'debian') return []
  const common = { components: ['main'], signedBy: '/usr/share/keyrings/debian-archive-keyring.gpg' }
  return [
    { ...common, uri: 'http://deb.debian.org/debian', suites: [own, `${own}-updates`] },
    { ...common, uri: 'http://deb.debian.org/debian-security', suites: [`${own}-security`] },
  ]
}

const POCKETS = ['', '-updates', '-security']

/**
 * The lines by which apt gets a release from where this machine gets its own: the same archives, and of them only those of
 * the distribution itself. `own` is the machine's release; another of the same distribution is beside it.
 */
export function linesFor(release: string, own: string, sources: readonly AptSource[]): string[] {
  const lines = POCKETS.flatMap((pocket) =>
    sources
      .filter(({ suites, components }) => suites.includes(own + pocket) && components.includes('main'))
      .map(({ uri, signedBy }) => `deb ${signedBy ? `[signed-by=${signedBy}] ` : ''}${uri} ${release}${pocket} main`),
  )
  return [...new Set(lines)]
}
