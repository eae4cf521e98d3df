import { globSync, readFileSync } from 'node:fs'

import { linesFor, parseAptSources, publicSources } from './apt-sources.ts'
import { osRelease } from './root-facts.ts'

const RELEASE = /^[a-z][a-z0-9-]{0,30}$/

/** The release, and the lines by which apt gets it from where this machine gets its own; none when nobody has it. */
export function archivesOf(wanted: string | undefined): { readonly release: string; readonly lines: readonly string[] } {
  const system = osRelease(readFileSync('/etc/os-release', 'utf8'))
  const own = system.get('VERSION_CODENAME') ?? ''
  const release = wanted ?? own
  const said = ownSources()
  const sources = said.length > 0 ? said : publicSources(system.get('ID'), own)
  return { release, lines: RELEASE.test(release) ? linesFor(release, own, sources) : [] }
}

const ownSources = () =>
  ['/etc/apt/sources.list', ...globSync('/etc/apt/sources.list.d/*.{list,sources}').sort()].flatMap((file) => {
    try {
      return parseAptSources(readFileSync(file, 'utf8'))
    } catch {
      return [] // most machines have one or the other
    }
  })

/** What apt says when nobody answers it, and of a suite that the archive has not. */
const UNREACHABLE =
  /Could not (resolve|connect)|Failed to fetch|Unable to fetch|Temporary failure|Connection (failed|timed out|refused)|Network is unreachable/i
const UNKNOWN_RELEASE = /does not have a Release file|404 {2}Not Found/
const UNKNOWN_PACKAGE =
  /Unable to locate package|has no installation candidate|Couldn't find any package|Depends: \S.* but it is not installable/

export function aptFault(said: string) {
  const why = said.trim().split('\n').slice(-5).join('\n')
  if (UNKNOWN_PACKAGE.test(said)) return { code: 'unknown_package' as const, why }
  if (UNKNOWN_RELEASE.test(said)) return { code: 'unknown_release' as const, why }
  return { code: UNREACHABLE.test(said) ? ('infra' as const) : ('failed' as const), why }
}

/** Proxies are apt's to know; of the rest nothing reaches what is made. */
export function aptEnvironment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const passed = Object.entries(process.env).filter(([name]) => /^((https?|no|all)_proxy)$/i.test(name))
  return {
    ...Object.fromEntries(passed),
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    NODE_ENV: 'production',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    ...more,
  }
}
