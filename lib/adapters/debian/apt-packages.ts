import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import { verified } from '#lib/application/ports/checked-bytes.ts'
import type { BlobSource } from '#lib/application/ports/images.ts'
import type { FetchOptions, Packages } from '#lib/application/ports/packages.ts'
import { err, ok } from '#lib/domain/result.ts'
import { aptEnvironment, aptFault, archivesOf } from './archives.ts'

/** As Debian writes names, with a version or an architecture; nothing that apt takes for an option, a file or a pattern. */
const PACKAGE = /^[a-z0-9][a-z0-9.+-]*(:[a-z0-9]+)?(=[A-Za-z0-9.+~:-]+)?$/
const LOG_CHARS_MAX = 20_000
/** No package of an archive is stored under such a name: theirs have a version. */
const OURS = 'ours.deb'

/** This machine's apt, with lists and a cache of its own below `workDir`; the machine's own state is not touched. */
export function aptPackages(workDir: string): Packages {
  return {
    async fetch(names, options) {
      const bad = names.find((name) => !PACKAGE.test(name))
      if (bad !== undefined) return err({ code: 'unknown_package', why: `"${bad.slice(0, 100)}" is no name of a package` })
      const { release, lines } = archivesOf(options.release)
      if (lines.length === 0) return err({ code: 'unknown_release', why: `no archive of this machine's has "${release}"` })

      const folder = join(workDir, `apt-${randomUUID()}`)
      const remove = () => rm(folder, { recursive: true, force: true })
      try {
        await prepare(folder, lines, options.status)
        const ours = options.deb && (await keep(options.deb, join(folder, OURS), options.signal))
        const wanted = [...(ours ? [ours] : []), ...names]
        for (const command of [['update'], ['install', '--download-only', '--yes', '--no-install-recommends', '--', ...wanted]]) {
          const { status, said } = await apt(folder, command, options)
          if (status === 0) continue
          await remove()
          return err(aptFault(said))
        }
        const debs = join(folder, 'cache/archives')
        await rm(join(debs, 'partial'), { recursive: true, force: true })
        if (ours) await rename(ours, join(debs, OURS))
        const files = (await readdir(debs)).filter((name) => name.endsWith('.deb')).sort()
        return ok({ folder: debs, files, remove })
      } catch (error) {
        await remove()
        throw error
      }
    },
  }
}

async function prepare(folder: string, lines: readonly string[], status: string): Promise<void> {
  for (const made of ['state/lists/partial', 'cache/archives/partial', 'etc'])
    await mkdir(join(folder, made), { recursive: true })
  await writeFile(join(folder, 'etc/sources.list'), `${lines.join('\n')}\n`)
  await copyFile(status, join(folder, 'state/status'))
}

async function keep(deb: BlobSource, path: string, signal: AbortSignal): Promise<string> {
  await pipeline(verified(deb.open(0), deb, `package ${deb.digest}`), createWriteStream(path), { signal })
  return path
}

async function apt(folder: string, command: readonly string[], { signal, log }: FetchOptions) {
  const settings = {
    'Dir::State': join(folder, 'state'),
    'Dir::State::status': join(folder, 'state/status'),
    'Dir::Cache': join(folder, 'cache'),
    'Dir::Etc::sourcelist': join(folder, 'etc/sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'Acquire::http::Timeout': '30',
    // Stops at a list that cannot be fetched, instead of going on with none.
    'APT::Update::Error-Mode': 'any',
    // Hooks are of the machine's own state.
    'APT::Update::Post-Invoke-Success': '',
    'Dpkg::Use-Pty': '0',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
  const child = spawn('apt-get', ['-q', ...options, ...command], {
    env: aptEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-LOG_CHARS_MAX)
      log(text)
    })
  }
  const [status] = (await once(child, 'close')) as [number | null]
  signal.throwIfAborted()
  return { status, said }
}
