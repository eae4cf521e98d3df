import { existsSync, readdirSync } from 'node:fs'

import { mustRun, tool } from './tool.ts'

const LISTS = '/var/lib/apt/lists'
const APT_ENV = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' }
const APT_OPTIONS = ['-o', 'Acquire::Retries=2', '-o', 'Acquire::http::Timeout=30', '-o', 'DPkg::Lock::Timeout=120', '-qq']

export const isDebian = () => existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-query')

/** The line that a person can paste. */
export const installLine = (packages: readonly string[]) =>
  `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`

/** Which of the packages are not installed. */
export async function missingPackages(packages: readonly string[]): Promise<string[]> {
  const { output } = await tool('dpkg-query', ['-W', '-f=${Package} ${db:Status-Abbrev}\\n', ...packages])
  const installed = new Set(output.split('\n').flatMap((line) => /^(\S+) ii/.exec(line)?.[1] ?? []))
  return packages.filter((name) => !installed.has(name))
}

/** Installs, as root. The lists of packages are fetched only when there are none, or they are out of date. */
export async function installDebian(packages: readonly string[]): Promise<void> {
  const install = () =>
    mustRun('apt-get', [...APT_OPTIONS, 'install', '-y', '--no-install-recommends', ...packages], { env: APT_ENV })
  if (hasLists()) {
    const failed = await install().then(
      () => false,
      () => true,
    )
    if (!failed) return
  }
  await mustRun('apt-get', [...APT_OPTIONS, 'update'], { env: APT_ENV })
  await install()
}

const hasLists = () => existsSync(LISTS) && readdirSync(LISTS).some((name) => name.includes('_Packages'))
