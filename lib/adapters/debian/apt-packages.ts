import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import { verified } from '#lib/application/ports/checked-bytes.ts'
import type { BlobSource } from '#lib/application/ports/images.ts'
import type { Fetched, FetchOptions, FetchRefused, Packages } from '#lib/application/ports/packages.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { type AptLists, aptLists } from './apt-lists.ts'
import { aptFault, archivesOf } from './archives.ts'
import { runApt } from './run-apt.ts'

/** As Debian writes names, with a version or an architecture; nothing that apt takes for an option, a file or a pattern. */
const PACKAGE = /^[a-z0-9][a-z0-9.+-]*(:[a-z0-9]+)?(=[A-Za-z0-9.+~:-]+)?$/
/** No package of an archive is stored under such a name: theirs have a version. */
const OURS = 'ours.deb'

/** This machine's apt, with lists and a cache of its own below `workDir`; the machine's own state is not touched. */
export function aptPackages(workDir: string): Packages {
  const listsOf = aptLists(workDir)

  return {
    async fetch(names, options) {
      const bad = names.find((name) => !PACKAGE.test(name))
      if (bad !== undefined) return err({ code: 'unknown_package', why: `"${bad.slice(0, 100)}" is no name of a package` })
      const { release, lines } = archivesOf(options.release)
      if (lines.length === 0) return err({ code: 'unknown_release', why: `no archive of this machine's has "${release}"` })

      for (let anew = false; ; anew = true) {
        const lists = await listsOf(`${lines.join('\n')}\n`, { ...options, anew })
        if (!lists.ok) return lists
        const fetched = await fetchWith(lists.value, workDir, names, options).finally(lists.value.release)
        // The archive may have other packages than its lists of some minutes ago say.
        if (fetched.ok || lists.value.isNew) return fetched
      }
    },
  }
}

async function fetchWith(
  lists: AptLists,
  workDir: string,
  names: readonly string[],
  options: FetchOptions,
): Promise<Result<Fetched, FetchRefused>> {
  const folder = join(workDir, `apt-${randomUUID()}`)
  const remove = () => rm(folder, { recursive: true, force: true })
  const settings = { ...lists.settings, 'Dir::State': folder, 'Dir::State::status': join(folder, 'status'), 'Dir::Cache': folder }
  try {
    const debs = join(folder, 'archives')
    await mkdir(join(debs, 'partial'), { recursive: true })
    await copyFile(options.status, join(folder, 'status'))
    const ours = options.deb && (await keep(options.deb, join(folder, OURS), options.signal))
    const command = ['install', '--download-only', '--yes', '--no-install-recommends', '--', ...(ours ? [ours] : []), ...names]
    const { status, said } = await runApt(settings, command, options)
    if (status !== 0) {
      await remove()
      return err(aptFault(said))
    }
    await rm(join(debs, 'partial'), { recursive: true, force: true })
    if (ours) await rename(ours, join(debs, OURS))
    const files = (await readdir(debs)).filter((name) => name.endsWith('.deb')).sort()
    return ok({ folder: debs, files, remove })
  } catch (error) {
    await remove()
    throw error
  }
}

async function keep(deb: BlobSource, path: string, signal: AbortSignal): Promise<string> {
  await pipeline(verified(deb.open(0), deb, `package ${deb.digest}`), createWriteStream(path), { signal })
  return path
}
