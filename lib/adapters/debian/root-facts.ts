import { lstat, opendir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { BaseFacts, InstalledPackage } from '#lib/application/ports/base-roots.ts'

const ARCHITECTURES = ['amd64', 'arm64'] as const

/** What the system in the folder says of itself. */
export async function rootFacts(root: string): Promise<BaseFacts> {
  const release = osRelease(await readFile(join(root, 'usr/lib/os-release'), 'utf8'))
  const packages = packagesIn(await readFile(join(root, 'var/lib/dpkg/status'), 'utf8'))
  const dpkg = packages.find(({ name }) => name === 'dpkg')?.architecture
  const architecture = ARCHITECTURES.find((each) => each === dpkg)
  if (!architecture) throw new Error(`Cannot make an image of architecture "${dpkg}"`)
  return { distribution: release.get('ID') ?? '', release: release.get('VERSION_CODENAME') ?? '', architecture, packages }
}

/** `NAME="value"` lines. */
export function osRelease(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, name, value = ''] = /^([A-Z_]+)="?(.*?)"?$/.exec(line) ?? []
      return name ? [[name, value] as const] : []
    }),
  )
}

/** Installed packages of dpkg's own list, by name. */
export function packagesIn(status: string): InstalledPackage[] {
  const field = (paragraph: string, name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1] ?? ''
  return status
    .split('\n\n')
    .filter((paragraph) => field(paragraph, 'Status').endsWith(' installed'))
    .map((paragraph) => ({
      name: field(paragraph, 'Package'),
      version: field(paragraph, 'Version'),
      architecture: field(paragraph, 'Architecture'),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** The youngest file that came from a package: those that were made here are younger than the making's begin. */
export async function newestBefore(folder: string, begin: Date): Promise<Date> {
  let newest = new Date(0)
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      const within = await newestBefore(path, begin)
      if (within > newest) newest = within
    } else if (entry.isFile()) {
      const { mtime } = await lstat(path)
      if (mtime < begin && mtime > newest) newest = mtime
    }
  }
  return newest
}
